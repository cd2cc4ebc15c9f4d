/** Who may do what: a row for every operation of the service and every frame of a connection. */
import { password, type Person } from "../support/peer.ts";
import { type Insider, insiders, type Scene } from "./scene.ts";

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}
export interface Frame {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** About a group. To everyone outside it does not exist; of those inside, some are granted it. */
export interface ChatRow<Ask> {
  readonly about: "a chat";
  readonly grants: readonly Insider[];
  /** What `by` asks; made anew for each caller, with whatever it is to act on. */
  ask(scene: Scene, by: Person): Ask | Promise<Ask>;
}
/** About things of the caller's own, which are granted, and where there are such, others' things. */
export interface OwnRow<Ask> {
  readonly about: "oneself";
  ask(by: Person, scene: Scene): Ask | Promise<Ask>;
  /** The same about what belongs to the other person: it does not exist. */
  askOf?(other: Person): Ask;
}
/** For everybody, without a token. */
export interface OpenRow<Ask> {
  readonly about: "the service";
  readonly ask: Ask;
  /** Where it is not granted to whoever asks. */
  readonly answers?: number;
}
export type Row<Ask> = ChatRow<Ask> | OwnRow<Ask> | OpenRow<Ask>;

/** A page that there is a preview of, where there is one. */
export const linked = { url: "" };

const everyone = insiders;
const admins: readonly Insider[] = ["admin", "owner"];

const inChat = <Ask>(
  grants: readonly Insider[],
  ask: ChatRow<Ask>["ask"],
): ChatRow<Ask> => ({ about: "a chat", grants, ask });

const own = <Ask>(
  ask: OwnRow<Ask>["ask"],
  askOf?: OwnRow<Ask>["askOf"],
): OwnRow<Ask> => ({ about: "oneself", ask, ...(askOf ? { askOf } : {}) });

const open = (
  method: string,
  path: string,
  body?: unknown,
  answers = 200,
): OpenRow<Call> => ({
  about: "the service",
  ask: call(method, path, body),
  answers,
});

const call = (method: string, path: string, body?: unknown): Call => ({
  method,
  path,
  body,
});
const text = (text: string) => ({ type: "text", text });
const chat = ({ chatId }: Scene, rest = "") => `/chats/${chatId}${rest}`;

const device = ({ session }: Person) =>
  `/me/devices/${session.device.deviceId}`;

const invitation = async (
  { chatId, owner }: Scene,
  needsApproval = false,
) => {
  const made = await owner.call<{ inviteId: string; code: string }>(
    "POST",
    `/chats/${chatId}/invites`,
    { needsApproval },
  );
  return made.body;
};

/** Somebody waits to be let in. */
async function requestTo(scene: Scene): Promise<string> {
  const { code } = await invitation(scene, true);
  const person = await scene.outsider();
  await person.call("POST", `/invites/${code}/join`);
  return chat(scene, `/join-requests/${person.userId}`);
}

/** About a message that the owner has said just now, or whoever asks. */
const onMessage = (
  method: string,
  rest: string,
  grants: readonly Insider[],
  { body, own = false }: { body?: unknown; own?: boolean } = {},
) =>
  inChat<Call>(grants, async (scene, by) => {
    const { messageId } = await scene.message(own ? by : scene.owner);
    return call(method, chat(scene, `/messages/${messageId}${rest}`), body);
  });

const frameOnMessage = (
  frame: Frame,
  { own = false, grants = everyone }: {
    own?: boolean;
    grants?: readonly Insider[];
  } = {},
) =>
  inChat<Frame>(grants, async (scene, by) => {
    const { messageId } = await scene.message(own ? by : scene.owner);
    return { ...frame, chatId: scene.chatId, messageId };
  });

/** The messageId of a poll that the owner has asked just now, or whoever asks. */
async function pollOf(scene: Scene, by: Person): Promise<string> {
  const content = {
    type: "poll",
    question: "When?",
    options: ["Today", "Tomorrow"],
    anonymous: false,
    multiple: false,
  };
  const { body } = await by.call<{ messageId: string }>(
    "POST",
    chat(scene, "/messages"),
    { content },
  );
  return body.messageId ?? crypto.randomUUID();
}

const onPoll = (ask: (at: string) => Call, { own = false } = {}) =>
  inChat<Call>(everyone, async (scene, by) => {
    const messageId = await pollOf(scene, own ? by : scene.owner);
    return ask(chat(scene, `/messages/${messageId}`));
  });

const frameOnPoll = (frame: Frame, { own = false } = {}) =>
  inChat<Frame>(everyone, async (scene, by) => ({
    ...frame,
    chatId: scene.chatId,
    messageId: await pollOf(scene, own ? by : scene.owner),
  }));

const thumb = `/reactions/${encodeURIComponent("👍")}`;

export const operations: Readonly<Record<string, Row<Call>>> = {
  live: open("GET", "/health/live"),
  ready: open("GET", "/health/ready"),
  jwks: open("GET", "/.well-known/jwks.json"),
  getOpenApi: open("GET", "/api/openapi.json"),
  getAsyncApi: open("GET", "/api/asyncapi.json"),
  readRestReference: open("GET", "/api/docs"),
  readSocketReference: open("GET", "/api/docs/websocket"),
  // Without the headers of an upgrade.
  connect: open("GET", "/api/v1/ws", undefined, 400),
  register: open("POST", "/api/v1/auth/register", {
    username: "authorised",
    password,
  }, 201),
  login: open("POST", "/api/v1/auth/login", { login: "authorised", password }),
  refresh: open("POST", "/api/v1/auth/refresh", { refreshToken: "none" }, 401),

  logout: own(() => call("POST", "/auth/logout")),
  getMe: own(() => call("GET", "/me")),
  updateMe: own(() => call("PATCH", "/me", { about: "Thinks" })),
  deleteMe: own(() => call("DELETE", "/me", { password })),
  exportMe: own(() => call("GET", "/me/export")),
  changePassword: own(() =>
    call("PUT", "/me/password", { current: password, next: `${password}!` })
  ),
  listDevices: own(() => call("GET", "/me/devices")),
  renameDevice: own(
    (by) => call("PATCH", device(by), { name: "Desk" }),
    (other) => call("PATCH", device(other), { name: "Desk" }),
  ),
  revokeDevice: own(
    (by) => call("DELETE", device(by)),
    (other) => call("DELETE", device(other)),
  ),
  revokeOtherDevices: own(() => call("DELETE", "/me/devices?except=current")),
  findUsers: own(() => call("GET", "/users?query=p")),
  getUser: own((_, { owner }) => call("GET", `/users/${owner.userId}`)),
  // Of people with whom the caller has a chat.
  getLastSeen: own(
    ({ userId }) => call("GET", `/users/${userId}/last-seen`),
    ({ userId }) => call("GET", `/users/${userId}/last-seen`),
  ),
  listContacts: own(() => call("GET", "/contacts")),
  requestContact: own(async (_, scene) => {
    const { userId } = await scene.outsider();
    return call("POST", "/contacts/requests", { userId });
  }),
  viewContactRequests: own(() => call("POST", "/contacts/requests/viewed")),
  // Of somebody who has asked.
  acceptContact: own(
    async ({ userId }, scene) => {
      const asker = await scene.outsider();
      await asker.call("POST", "/contacts/requests", { userId });
      return call("POST", `/contacts/requests/${asker.userId}/accept`);
    },
    ({ userId }) => call("POST", `/contacts/requests/${userId}/accept`),
  ),
  dropContactRequest: own(async (_, scene) =>
    call("DELETE", `/contacts/requests/${(await scene.outsider()).userId}`)
  ),
  removeContact: own(async (_, scene) =>
    call("DELETE", `/contacts/${(await scene.outsider()).userId}`)
  ),
  blockPerson: own(async (_, scene) =>
    call("PUT", `/contacts/${(await scene.outsider()).userId}/block`)
  ),
  unblockPerson: own(async (_, scene) =>
    call("DELETE", `/contacts/${(await scene.outsider()).userId}/block`)
  ),
  getLinkPreview: own(() => call("GET", `/link-previews?url=${linked.url}`)),
  listChats: own(() => call("GET", "/chats")),
  sync: own(() => call("GET", "/sync")),
  createChat: own(() => call("POST", "/chats", { kind: "group", title: "T" })),

  getChat: inChat(everyone, (scene) => call("GET", chat(scene))),
  updateChat: inChat(
    admins,
    (scene, by) => call("PATCH", chat(scene), { title: `By ${by.username}` }),
  ),
  deleteChat: inChat(["owner"], (scene) => call("DELETE", chat(scene))),
  getChanges: inChat(
    everyone,
    (scene) => call("GET", chat(scene, "/changes?since=0")),
  ),
  listMembers: inChat(
    everyone,
    (scene) => call("GET", chat(scene, "/members")),
  ),
  addMembers: inChat(admins, async (scene) => {
    const { userId } = await scene.outsider();
    return call("POST", chat(scene, "/members"), { userIds: [userId] });
  }),
  updateMember: inChat(["owner"], async (scene) => {
    const { userId } = await scene.newcomer();
    return call("PATCH", chat(scene, `/members/${userId}`), { role: "admin" });
  }),
  removeMember: inChat(admins, async (scene) => {
    const { userId } = await scene.newcomer();
    return call("DELETE", chat(scene, `/members/${userId}`));
  }),

  listBans: inChat(admins, (scene) => call("GET", chat(scene, "/bans"))),
  banMember: inChat(admins, async (scene) => {
    const { userId } = await scene.newcomer();
    return call("PUT", chat(scene, `/bans/${userId}`));
  }),
  unbanMember: inChat(admins, async (scene) => {
    const { userId } = await scene.outsider();
    const path = chat(scene, `/bans/${userId}`);
    await scene.owner.call("PUT", path);
    return call("DELETE", path);
  }),

  findChannels: own(() => call("GET", "/channels?query=p")),
  getChannel: own(async (_, { owner }) => {
    const handle = `c${crypto.randomUUID().slice(0, 8)}`;
    const body = { kind: "channel", title: "C", visibility: "public", handle };
    await owner.call("POST", "/chats", body);
    return call("GET", `/channels/${handle}`);
  }),
  // A group is not joined, but whoever is in it already stays as they are.
  joinChannel: inChat(everyone, (scene) => call("POST", chat(scene, "/join"))),

  createInvite: inChat(
    admins,
    (scene) => call("POST", chat(scene, "/invites"), {}),
  ),
  listInvites: inChat(admins, (scene) => call("GET", chat(scene, "/invites"))),
  revokeInvite: inChat(admins, async (scene) => {
    const { inviteId } = await invitation(scene);
    return call("DELETE", chat(scene, `/invites/${inviteId}`));
  }),
  previewInvite: own(async (_, scene) => {
    const { code } = await invitation(scene);
    return call("GET", `/invites/${code}`);
  }),
  redeemInvite: own(async (_, scene) => {
    const { code } = await invitation(scene);
    return call("POST", `/invites/${code}/join`);
  }),
  listJoinRequests: inChat(
    admins,
    (scene) => call("GET", chat(scene, "/join-requests")),
  ),
  acceptJoinRequest: inChat(
    admins,
    async (scene) => call("POST", await requestTo(scene)),
  ),
  endJoinRequest: inChat(
    admins,
    async (scene) => call("DELETE", await requestTo(scene)),
  ),

  sendMessage: inChat(
    everyone,
    (scene) =>
      call("POST", chat(scene, "/messages"), { content: text("Hello") }),
  ),
  updatePreferences: inChat(
    everyone,
    (scene) => call("PATCH", chat(scene, "/me"), { pinned: true }),
  ),
  clearHistory: inChat(
    everyone,
    (scene) => call("DELETE", chat(scene, "/history")),
  ),
  listNotifications: own(() => call("GET", "/notifications")),
  countNotifications: own(() => call("GET", "/notifications/counts")),
  clearNotifications: inChat(
    everyone,
    (scene) => call("POST", chat(scene, "/notifications/clear")),
  ),
  listMessages: inChat(
    everyone,
    (scene) => call("GET", chat(scene, "/messages")),
  ),
  getMessage: onMessage("GET", "", everyone),
  editMessage: onMessage("PATCH", "", everyone, {
    body: { content: text("Hello again") },
    own: true,
  }),
  deleteMessage: onMessage("DELETE", "?for=everyone", admins),
  addReaction: onMessage("PUT", thumb, everyone),
  removeReaction: onMessage("DELETE", thumb, everyone),
  pinMessage: onMessage("PUT", "/pin", admins),
  unpinMessage: onMessage("DELETE", "/pin", admins),
  vote: onPoll((at) => call("PUT", `${at}/vote`, { options: [0] })),
  takeVoteBack: onPoll((at) => call("DELETE", `${at}/vote`)),
  listVotes: onPoll((at) => call("GET", `${at}/votes`)),
  closePoll: onPoll((at) => call("POST", `${at}/close`), { own: true }),
  listReplies: onMessage("GET", "/replies", everyone),
  listEdits: onMessage("GET", "/edits", everyone),
  getMessageStatus: onMessage("GET", "/status", everyone, { own: true }),
  markRead: inChat(
    everyone,
    (scene) => call("POST", chat(scene, "/read"), { seq: 1 }),
  ),
  markDelivered: inChat(
    everyone,
    (scene) => call("POST", chat(scene, "/delivered"), { seq: 1 }),
  ),
};

export const frames: Readonly<Record<string, Row<Frame>>> = {
  send: inChat(everyone, ({ chatId }) => ({
    type: "send",
    chatId,
    messageId: crypto.randomUUID(),
    content: text("Hello"),
  })),
  edit: frameOnMessage({ type: "edit", content: text("Hello again") }, {
    own: true,
  }),
  delete: frameOnMessage({ type: "delete", for: "everyone" }, {
    grants: admins,
  }),
  react: frameOnMessage({ type: "react", emoji: "👍" }),
  vote: frameOnPoll({ type: "vote", options: [0] }),
  closePoll: frameOnPoll({ type: "closePoll" }, { own: true }),
  read: inChat(everyone, ({ chatId }) => ({ type: "read", chatId, seq: 1 })),
  delivered: inChat(
    everyone,
    ({ chatId }) => ({ type: "delivered", chatId, seq: 1 }),
  ),
  typing: inChat(
    everyone,
    ({ chatId }) => ({ type: "typing", chatId, active: true }),
  ),
  changes: inChat(
    everyone,
    ({ chatId }) => ({ type: "changes", chatId, since: 0 }),
  ),
  presence: own(() => ({ type: "presence", state: "away" })),
  watch: own((_, { owner }) => ({ type: "watch", userIds: [owner.userId] })),
  refresh: own(({ session }) => ({
    type: "refresh",
    token: session.accessToken,
  })),
  ping: own(() => ({ type: "ping" })),
};
