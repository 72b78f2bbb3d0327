/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <openssl/evp.h>

#include "jit-approver/daemon/record_key.h"
#include "tests/unit/store_fixture.h"

/* As whoever noted the public half does it. */
static bool verifies(const char *public_hex, const char *message, const char *signature_hex)
{
        unsigned char public[32], signature[64];
        EVP_MD_CTX *context = EVP_MD_CTX_new();

        MUST(hex_decode(public_hex, public, sizeof(public)));
        MUST(hex_decode(signature_hex, signature, sizeof(signature)));
        EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, sizeof(public));
        bool good = EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                    EVP_DigestVerify(context, signature, sizeof(signature),
                            (const unsigned char *) message, strlen(message)) == 1;
        EVP_PKEY_free(key);
        EVP_MD_CTX_free(context);
        return good;
}

START_TEST(made_once_and_kept)
{
        char dir[4096], path[5000], signature[RECORD_SIGNATURE_HEX_SIZE];
        RecordKey k, again;
        struct stat st;

        fixture_folder(dir);
        (void) snprintf(path, sizeof(path), "%s/record.key", dir);
        MUST(record_key_open(dir, &k));
        MUST(stat(path, &st));
        ck_assert_int_eq(st.st_mode & 07777, 0600);
        ck_assert_int_eq(st.st_size, 32);
        MUST(record_key_open(dir, &again));
        ck_assert_str_eq(k.public_hex, again.public_hex);
        MUST(record_key_sign(&k, "a message", signature));
        ck_assert(verifies(again.public_hex, "a message", signature));
        ck_assert(!verifies(again.public_hex, "a massage", signature));
        ck_assert(record_key_signed(&again, "a message", signature));
        ck_assert(!record_key_signed(&again, "a massage", signature));
        signature[0] = signature[0] == '0' ? '1' : '0';
        ck_assert(!record_key_signed(&again, "a message", signature));
        /* Another key is another's. */
        MUST(unlink(path));
        MUST(record_key_open(dir, &again));
        ck_assert_str_ne(k.public_hex, again.public_hex);
        MUST(record_key_sign(&k, "a message", signature));
        ck_assert(!record_key_signed(&again, "a message", signature));
        record_key_done(&k);
        ck_assert_int_eq(record_key_sign(&k, "a message", signature), -ENOKEY);
        ck_assert(!record_key_signed(&k, "a message", signature));
        fixture_remove(dir);
}
END_TEST

START_TEST(others_are_not_taken)
{
        char dir[4096], path[5000];
        RecordKey k;

        fixture_folder(dir);
        (void) snprintf(path, sizeof(path), "%s/record.key", dir);
        MUST(record_key_open(dir, &k));
        MUST(chmod(path, 0640));
        ck_assert_int_eq(record_key_open(dir, &k), -EPERM);
        ck_assert(!k.set);
        MUST(chmod(path, 0600));
        MUST(truncate(path, 31));
        ck_assert_int_eq(record_key_open(dir, &k), -EBADMSG);
        MUST(truncate(path, 33));
        ck_assert_int_eq(record_key_open(dir, &k), -EBADMSG);
        MUST(unlink(path));
        MUST(symlink("/etc/hostname", path));
        ck_assert_int_lt(record_key_open(dir, &k), 0);
        fixture_remove(dir);
}
END_TEST

int main(void)
{
        Suite *s = suite_create("record_key");
        TCase *t = tcase_create("record_key");
        SRunner *runner = srunner_create(s);

        tcase_add_test(t, made_once_and_kept);
        tcase_add_test(t, others_are_not_taken);
        suite_add_tcase(s, t);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
