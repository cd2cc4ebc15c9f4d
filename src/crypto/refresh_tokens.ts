/** A refresh token and what is kept of it. */
export interface RefreshToken {
  readonly token: string;
  readonly tokenHash: Uint8Array<ArrayBuffer>;
}

/** 256 random bits, as base64url. */
export async function newRefreshToken(): Promise<RefreshToken> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const token = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return { token, tokenHash: await hashRefreshToken(token) };
}

/** SHA-256 is enough where the input is random: nobody can guess it, with or without a slow hash. */
export async function hashRefreshToken(
  token: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(token);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
