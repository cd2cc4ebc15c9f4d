import { limits } from "../../protocol/limits.ts";

/** What holds for every request, as Markdown. */
export const introduction = `
Everything is JSON in UTF-8. Times are ISO 8601 in UTC with milliseconds, ids are UUIDs.

**Live events** come over a WebSocket: \`GET /api/v1/ws\`, described in [/api/asyncapi.json](/api/asyncapi.json) and [/api/docs/websocket](/api/docs/websocket).

**Signing in.** Register or log in, and send the \`accessToken\` as \`Authorization: Bearer …\`. It lasts 15 minutes; spend the \`refreshToken\` for the next session before. A browser may ask for \`"cookie": true\` at register, login or refresh: then the refresh token travels in an \`HttpOnly; Secure; SameSite=Strict\` cookie, which scripts cannot read, instead of in the body, and the body of the refresh may be \`{}\`.

**Problems** are \`application/problem+json\` (RFC 9457). \`code\` is stable and for programs, \`detail\` is for people. With 429, and mostly with 503, \`Retry-After\` and \`retryAfterMs\` say when to come back. A write that got 503 has either not happened or is safe to repeat with the same id. A chat or message that the caller may not see answers \`not_found\`, as one that does not exist.

**Writing twice.** A client may make the \`chatId\` of a new chat and the \`messageId\` of a message. Then it may send the request again when it heard nothing: the same id from the same person answers with the first result and \`duplicate: true\`, from anybody else with \`id_taken\`.

**Counters.** \`seq\` numbers the messages of a chat and \`rev\` its changes, \`accountRev\` the changes of an account: 1, 2, 3, … without a gap. Whoever sees a number missing has missed something and asks for the changes. \`epoch\` names the history of the database: when it is another one than before, start from zero.

**Lists** answer \`{items, nextCursor}\`; \`nextCursor\` is null on the last page. The messages of a chat are paged by \`seq\` instead.

**Limits.** A body has at most ${limits.bodyBytes} bytes, and no fields that are not in its schema; unknown query parameters are ignored. Text is well-formed Unicode: lone surrogates and U+0000 are refused, the rest is stored as sent. Lengths of text count UTF-16 units.

Every answer carries an \`X-Request-Id\`; name it when something needs looking into.
`.trim();

/** The groups that the operations stand in, in the order of reading. */
export const tags = [
  {
    name: "Accounts",
    description: "Registering, signing in, the own profile and devices",
  },
  { name: "Users", description: "Other people" },
  {
    name: "Contacts",
    description: "What other people are to the account, requests and blocks",
  },
  {
    name: "Chats",
    description: "Direct chats, groups and channels, and who is in them",
  },
  {
    name: "Channels",
    description: "Public channels, for those who have not subscribed",
  },
  {
    name: "Invitations",
    description: "Links into groups and channels, and who waits to be let in",
  },
  { name: "Messages", description: "What is said in a chat" },
  { name: "Notifications", description: "What is worth one's attention" },
  { name: "Sync", description: "Catching up after having been away" },
  { name: "Connection", description: "Live events" },
  { name: "Service", description: "The service itself" },
];
