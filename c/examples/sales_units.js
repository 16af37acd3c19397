// Lists all sales units, then makes a call that fails. Takes the keys from the environment.
//
//     node sales_units.js libvipps.so
//
// Requires koffi. Calls block the thread: a server should use .async() of the function.
const koffi = require('koffi');

const library = koffi.load(process.argv[2]);
koffi.opaque('vipps_session');
koffi.opaque('vipps_string');
koffi.opaque('vipps_error');
const declare = (declaration) => library.func(declaration);
const sessionFromEnv = declare(
    'int vipps_session_from_env(const char *config, void *observer, _Out_ vipps_session **out, '
    + '_Out_ vipps_error **error)');
const listSalesUnits = declare(
    'int vipps_list_sales_units(vipps_session *session, _Out_ vipps_string **out, '
    + '_Out_ vipps_error **error)');
const getSalesUnit = declare(
    'int vipps_get_sales_unit(vipps_session *session, const char *msn, _Out_ vipps_string **out, '
    + '_Out_ vipps_error **error)');
const stringText = declare('int vipps_string_text(vipps_string *string, _Out_ const char **text)');
const errorJson = declare('int vipps_error_json(vipps_error *error, _Out_ const char **text)');
const freeString = declare('void vipps_string_free(vipps_string *string)');
const freeError = declare('void vipps_error_free(vipps_error *error)');
const freeSession = declare('void vipps_session_free(vipps_session *session)');

// Parses the JSON of an object of the library, and frees the object.
function take(read, free, object) {
    const text = [null];
    read(object, text);
    free(object);
    return JSON.parse(text[0]);
}

function call(make, ...parameters) {
    const [out, error] = [[null], [null]];
    if (make(...parameters, out, error) !== 0) {
        const problem = take(errorJson, freeError, error[0]);
        throw Object.assign(new Error('a call failed'), { problem });
    }
    return out[0];
}

const config = { system: { name: 'acme', version: '3.1.2' } };
const session = call(sessionFromEnv, JSON.stringify(config), null);
for (const unit of take(stringText, freeString, call(listSalesUnits, session))) {
    console.log(unit.msn, unit.name);
}
try {
    call(getSalesUnit, session, '999999');
} catch ({ problem }) {
    console.log(problem.kind, problem.http_status, problem.delivery, problem.path);
}
freeSession(session);
