/*
 * owner_address.h: where the owner of a store takes forwarded requests, as it stands in the lease:
 *
 *   unix:PATH                    a socket on the owner's machine
 *   http://HOST:PORT unix:PATH   and an address that other machines reach, too
 */
#ifndef GAL_RUNTIME_OWNER_ADDRESS_H
#define GAL_RUNTIME_OWNER_ADDRESS_H

/* The accessKeyId under which processes of one store sign what they forward; the secret is the store's. */
#define GAL_FORWARDING_KEY_ID "galliard-forwarding"
/* Says that a request was forwarded: who gets it and does not own the store either, hands it to nobody else. */
#define GAL_FORWARDED_HEADER "X-Galliard-Forwarded"

struct gal_owner_address {
        char *url;  /* NULL: there is none */
        char *path; /* NULL: there is none */
};

/* (transfer full) `url` nullable. */
char *gal_owner_address_format(const char *url, const char *path);
/* Of whatever text, also of none. Release with gal_owner_address_finish(). */
struct gal_owner_address gal_owner_address_parse(const char *text);
void gal_owner_address_finish(struct gal_owner_address *address);

#endif
