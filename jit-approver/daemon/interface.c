/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Introspection (varlink.org/Service): the .varlink files are part of the program. */

#include "jit-approver/daemon/interface.h"

#define SERVICE "org.varlink.service"

/* The file's bytes and a NUL, so that what is served is what is in the repository. */
__asm__(".section .rodata\n"
        "pam_jit_interface_text:\n"
        ".incbin \"" VARLINK_FILE "\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char pam_jit_interface_text[] __attribute__((visibility("hidden")));

static const char service_text[] =
        "# What every Varlink service can be asked.\n"
        "interface org.varlink.service\n\n"
        "method GetInfo() -> (\n"
        "  vendor: string, product: string, version: string, url: string, interfaces: []string\n"
        ")\n\n"
        "method GetInterfaceDescription(interface: string) -> (description: string)\n\n"
        "error InterfaceNotFound (interface: string)\n\n"
        "error MethodNotFound (method: string)\n\n"
        "error MethodNotImplemented (method: string)\n\n"
        "error InvalidParameter (parameter: string)\n\n"
        "error PermissionDenied ()\n\n"
        "error ExpectedMore ()\n";

typedef struct DescriptionCall {
        const char *interface;
} DescriptionCall;

static const Field DESCRIPTION_FIELDS[] = { FIELD_REQUIRED(STRING, DescriptionCall, interface),
        FIELD_END };

static void get_info(Call *c)
{
        JsonWriter w = call_writer();

        json_put_string(&w, "vendor", "pam-jit");
        json_put_string(&w, "product", "jit-approver");
        json_put_string(&w, "version", PROJECT_VERSION);
        json_put_string(&w, "url", "https://github.com/pam-jit/pam-jit");
        json_open_array(&w, "interfaces");
        json_put_string(&w, NULL, SERVICE);
        json_put_string(&w, NULL, PROTOCOL_INTERFACE);
        json_close_array(&w);
        call_reply(c, &w);
}

static void get_description(Call *c)
{
        DescriptionCall in;
        JsonWriter w = call_writer();

        if (fields_read(DESCRIPTION_FIELDS, c->message.parameters, &in, NULL) < 0) {
                json_put_string(&w, "parameter", "interface");
                call_error_with(c, SERVICE ".InvalidParameter", &w);
        } else if (streq(in.interface, PROTOCOL_INTERFACE)) {
                json_put_string(&w, "description", pam_jit_interface_text);
                call_reply(c, &w);
        } else if (streq(in.interface, SERVICE)) {
                json_put_string(&w, "description", service_text);
                call_reply(c, &w);
        } else {
                json_put_string(&w, "interface", in.interface);
                call_error_with(c, SERVICE ".InterfaceNotFound", &w);
        }
}

bool interface_call(Call *c)
{
        if (streq(c->message.method, SERVICE ".GetInfo")) {
                get_info(c);
        } else if (streq(c->message.method, SERVICE ".GetInterfaceDescription")) {
                get_description(c);
        } else {
                return false;
        }
        return true;
}
