/**
 * A certificate for edge.example, signed by itself, and its key: for TLS servers of tests only. Made by
 *   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=edge.example -addext subjectAltName=DNS:edge.example
 */

/** Key and certificate as PEM. */
export const EDGE_EXAMPLE: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgeV1PuxJfXWb5bJf4
H2J4c+3ZM4Mbhei8gy0RJ3piNs6hRANCAAQZizHO3LiLpQEeE75GqjyNfyWwjS6W
XW46HFqDbbzbJuwapxlcGAaWgiw4HaPyI181dbxAozvq17+CCWcS4WCw
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBnjCCAUSgAwIBAgIUXXrUWqujrMc3SbnyKHrc8WR9qOkwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMZWRnZS5leGFtcGxlMCAXDTI2MTEyMTA2MzAyN1oYDzIxMjYx
MDI4MDYzMDI3WjAXMRUwEwYDVQQDDAxlZGdlLmV4YW1wbGUwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQZizHO3LiLpQEeE75GqjyNfyWwjS6WXW46HFqDbbzbJuwa
pxlcGAaWgiw4HaPyI181dbxAozvq17+CCWcS4WCwo2wwajAdBgNVHQ4EFgQU6aOi
NLQwIDy+VAx5YXd5ukqpQ4EwHwYDVR0jBBgwFoAU6aOiNLQwIDy+VAx5YXd5ukqp
Q4EwDwYDVR0TAQH/BAUwAwEB/zAXBgNVHREEEDAOggxlZGdlLmV4YW1wbGUwCgYI
KoZIzj0EAwIDSAAwRQIhAIw2/TXyAtUEoYBu8gi25k/93ZlyGygFqDKpMN9HINkC
AiAUx3ldh4kOWix9s9pPfLILFui8+bsGGJ4mEGhjVoCuAQ==
-----END CERTIFICATE-----
`,
}
