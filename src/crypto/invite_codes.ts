/** The secret part of an invitation's link, and what it is found by. */
export interface NewInviteCode {
  readonly code: string;
  readonly codeHash: Uint8Array<ArrayBuffer>;
}

/** 192 random bits, as base64url: 32 characters. */
export async function newInviteCode(): Promise<NewInviteCode> {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  const code = bytes.toBase64({ alphabet: "base64url", omitPadding: true });
  return { code, codeHash: await hashInviteCode(code) };
}

/** SHA-256 is enough where the input is random: nobody can guess it, with or without a slow hash. */
export async function hashInviteCode(
  code: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(code);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
