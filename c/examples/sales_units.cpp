// Lists all sales units, then makes a call that fails. Takes the keys from the environment.
//
//     c++ -std=c++17 sales_units.cpp $(pkg-config --cflags --libs vipps) -o sales_units
#include "vipps.hpp"

#include <iostream>

int main()
{
    try {
        auto session =
            vipps::session::from_env(R"({"system": {"name": "acme", "version": "3.1.2"}})",
                                     [](const vipps_attempt &attempt) {
                                         std::cout << attempt.method << ' ' << attempt.route << ' '
                                                   << attempt.http_status << '\n';
                                     });
        std::cout << session.list_sales_units() << '\n';
        auto reply = session.request("GET", "/management/v1/sales-units/123456");
        std::cout << reply.status() << ' ' << reply.header("Content-Type").value_or("none") << '\n';
        session.with_timeout_ms(5000).get_sales_unit("999999");
    } catch (const vipps::error &error) {
        if (error.status() != VIPPS_NOT_FOUND) {
            std::cerr << error.what() << '\n';
            return 1;
        }
        std::cout << error.what() << '\n' << error.json() << '\n';
    }
    return 0;
}
