import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { type Grant, refreshLifetimeMs } from "./session.ts";

/**
 * The refresh token of a browser: scripts cannot read it, no other site makes the browser send it,
 * and it travels to the `/auth` routes alone. (A `__Host-` name would have to go to every path.)
 */
const name = "__Secure-parley-refresh";
const attributes = {
  path: "/api/v1/auth",
  httpOnly: true,
  secure: true,
  sameSite: "Strict",
} as const;

export const refreshCookie = (c: Context): string | undefined =>
  getCookie(c, name);

/** Moves the refresh token of a session out of the body and into the cookie. */
export function keepInCookie(c: Context, { refreshToken, ...session }: Grant) {
  const maxAge = refreshLifetimeMs / 1000;
  setCookie(c, name, refreshToken, { ...attributes, maxAge });
  return session;
}

export const dropCookie = (c: Context): void => {
  deleteCookie(c, name, attributes);
};
