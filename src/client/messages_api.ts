import type { z } from "zod";
import type { RevReply } from "../protocol/frames.ts";
import type { ChatId, MessageId } from "../protocol/ids.ts";
import type {
  Content,
  DeleteFor,
  EarlierContent,
  History,
  Message,
  MessageStatus,
  SentMessage,
} from "../protocol/messages.ts";
import type { List } from "../protocol/page.ts";
import type { LinkPreview } from "../protocol/previews.ts";
import type { Vote } from "../protocol/polls.ts";
import type { CallOptions, ListOptions } from "./chats_api.ts";
import type { ToSend } from "./outbox_store.ts";
import type { Rest } from "./rest.ts";

/** Where a page of history lies: before, after or around a `seq`; without any, at the end. */
export interface HistoryOptions extends CallOptions {
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  readonly limit?: number;
}

/** Messages over REST. To send, `client.send` is the better way: it does not give up. */
export interface MessagesApi {
  /** One attempt in the name of `messageId`, repeated only while the service is away. */
  send(
    chatId: ChatId,
    message: ToSend & {
      messageId: MessageId;
      replyTo?: MessageId;
      clearDraft?: boolean;
    },
    options?: CallOptions,
  ): Promise<z.infer<typeof SentMessage>>;
  /** Ascending by `seq`. */
  history(chatId: ChatId, options?: HistoryOptions): Promise<History>;
  get(
    chatId: ChatId,
    messageId: MessageId,
    options?: CallOptions,
  ): Promise<Message>;
  edit(
    chatId: ChatId,
    messageId: MessageId,
    content: Content,
    options?: CallOptions,
  ): Promise<Message>;
  delete(
    chatId: ChatId,
    messageId: MessageId,
    whom: DeleteFor,
    options?: CallOptions,
  ): Promise<RevReply>;
  react(
    chatId: ChatId,
    messageId: MessageId,
    emoji: string,
    options?: CallOptions,
  ): Promise<RevReply>;
  unreact(
    chatId: ChatId,
    messageId: MessageId,
    emoji: string,
    options?: CallOptions,
  ): Promise<RevReply>;
  pin(
    chatId: ChatId,
    messageId: MessageId,
    options?: CallOptions,
  ): Promise<RevReply>;
  unpin(
    chatId: ChatId,
    messageId: MessageId,
    options?: CallOptions,
  ): Promise<RevReply>;
  /** Chooses in a poll, in place of what was chosen before. */
  vote(
    chatId: ChatId,
    messageId: MessageId,
    choice: readonly number[],
    options?: CallOptions,
  ): Promise<RevReply>;
  takeVoteBack(
    chatId: ChatId,
    messageId: MessageId,
    options?: CallOptions,
  ): Promise<RevReply>;
  closePoll(
    chatId: ChatId,
    messageId: MessageId,
    options?: CallOptions,
  ): Promise<RevReply>;
  /** Who chose what in an open poll; with `option`, those who chose it. */
  votes(
    chatId: ChatId,
    messageId: MessageId,
    options?: ListOptions & { readonly option?: number },
  ): Promise<List<Vote>>;
  replies(
    chatId: ChatId,
    messageId: MessageId,
    options?: ListOptions,
  ): Promise<List<Message>>;
  /** What the message said before it was edited, the latest first. */
  edits(
    chatId: ChatId,
    messageId: MessageId,
    options?: ListOptions,
  ): Promise<List<EarlierContent>>;
  /** What the page behind a link says of itself; rejects with `not_found` where there is no preview. */
  preview(url: string, options?: CallOptions): Promise<LinkPreview>;
  status(
    chatId: ChatId,
    messageId: MessageId,
    options?: CallOptions,
  ): Promise<MessageStatus>;
}

export function createMessagesApi({ call }: Rest): MessagesApi {
  const all = (chatId: ChatId) => `/chats/${chatId}/messages`;
  const at = (chatId: ChatId, messageId: MessageId, rest = "") =>
    `${all(chatId)}/${messageId}${rest}`;
  const reaction = (emoji: string) => `/reactions/${encodeURIComponent(emoji)}`;

  return {
    send: (chatId, body, { signal } = {}) =>
      call({
        method: "POST",
        path: all(chatId),
        body,
        repeatable: true,
        signal,
      }),
    history: (chatId, { signal, ...query } = {}) =>
      call({ method: "GET", path: all(chatId), query, signal }),
    get: (chatId, id, { signal } = {}) =>
      call({ method: "GET", path: at(chatId, id), signal }),
    edit: (chatId, id, content, { signal } = {}) =>
      call({
        method: "PATCH",
        path: at(chatId, id),
        body: { content },
        signal,
      }),
    delete: (chatId, id, whom, { signal } = {}) =>
      call({
        method: "DELETE",
        path: at(chatId, id),
        query: { for: whom },
        signal,
      }),
    react: (chatId, id, emoji, { signal } = {}) =>
      call({ method: "PUT", path: at(chatId, id, reaction(emoji)), signal }),
    unreact: (chatId, id, emoji, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId, id, reaction(emoji)), signal }),
    pin: (chatId, id, { signal } = {}) =>
      call({ method: "PUT", path: at(chatId, id, "/pin"), signal }),
    unpin: (chatId, id, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId, id, "/pin"), signal }),
    vote: (chatId, id, options, { signal } = {}) =>
      call({
        method: "PUT",
        path: at(chatId, id, "/vote"),
        body: { options },
        signal,
      }),
    takeVoteBack: (chatId, id, { signal } = {}) =>
      call({ method: "DELETE", path: at(chatId, id, "/vote"), signal }),
    closePoll: (chatId, id, { signal } = {}) =>
      call({
        method: "POST",
        path: at(chatId, id, "/close"),
        repeatable: true,
        signal,
      }),
    votes: (chatId, id, { signal, ...query } = {}) =>
      call({ method: "GET", path: at(chatId, id, "/votes"), query, signal }),
    replies: (chatId, id, { signal, ...query } = {}) =>
      call({ method: "GET", path: at(chatId, id, "/replies"), query, signal }),
    edits: (chatId, id, { signal, ...query } = {}) =>
      call({ method: "GET", path: at(chatId, id, "/edits"), query, signal }),
    preview: (url, { signal } = {}) =>
      call({ method: "GET", path: "/link-previews", query: { url }, signal }),
    status: (chatId, id, { signal } = {}) =>
      call({ method: "GET", path: at(chatId, id, "/status"), signal }),
  };
}
