/**
 * A second certificate for edge.example, signed by itself, and its key: what a renewal brings. For tests only; made like
 * edge-example-certificate.ts.
 */

/** Key and certificate as PEM. */
export const SPARE_CERTIFICATE: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBQYx9gELCQ6owGes
5daVnJTis5/BUYoHzJlboPVP0g+hRANCAAR5ZgHmkb8opWhvHHxcSQQ4YGNxVHgc
THge59iN073qFcNPBidsaQFCXQnvpNVHR75DMzFhDM525k5yitOCAX7z
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnzCCAUSgAwIBAgIUEwWIIEfwB1pc8NxQXb+AYwjITm0wCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMZWRnZS5leGFtcGxlMCAXDTI2MTEyMTA5MzI0MFoYDzIxMjYx
MDI4MDkzMjQwWjAXMRUwEwYDVQQDDAxlZGdlLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAR5ZgHmkb8opWhvHHxcSQQ4YGNxVHgcTHge59iN073qFcNP
BidsaQFCXQnvpNVHR75DMzFhDM525k5yitOCAX7zo2wwajAdBgNVHQ4EFgQUG5lJ
Xq3Xp13cVIV2Mxg3h7xr0H4wHwYDVR0jBBgwFoAUG5lJXq3Xp13cVIV2Mxg3h7xr
0H4wDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxlZGdlLmV4YW1wbGUwCgYI
KoZIzj0EAwIDSQAwRgIhAJPakU1hNsDhoPIbQM7y0FoQVW/B20Desosr/sTQun1C
AiEAn4wrDz1SOjPNQ1mdIah41kAGSQmxkMbVNxKeFBsUOpk=
-----END CERTIFICATE-----
`,
}
