/** An HTTPS server with an untrusted certificate. The key below is used for this test only. */
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3EUM8mxQRIm2afCA
TGS+8WjeXQqvsz6UjM/pI//vMLehRANCAAQeMsmoyE8ZH4gT2NA50KudWXbgpyB0
v/6ocEhdWLo015LFfPm+cH8UPHZog2xjopjabfYQucSkY4vy03pwI/4k
-----END PRIVATE KEY-----`;

const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUIyPdbbG8K/x2gpDQTxrwHo2mmXAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA4MjQyOFoYDzIxMjYxMDMx
MDgyNDI4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQeMsmoyE8ZH4gT2NA50KudWXbgpyB0v/6ocEhdWLo015LFfPm+cH8U
PHZog2xjopjabfYQucSkY4vy03pwI/4ko2kwZzAdBgNVHQ4EFgQUAzlOhVwmsC5p
ajvNNwaXjYCXtDcwHwYDVR0jBBgwFoAUAzlOhVwmsC5pajvNNwaXjYCXtDcwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgQIXHXDJpGpLpyXRltiVtx2eZvvokQUN83qweEwdo4coCIQCByrqlAvId
FHcVXY/pQombugWULH05wWndjwwA4XzK4Q==
-----END CERTIFICATE-----`;

export async function selfSigned(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/v1`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
