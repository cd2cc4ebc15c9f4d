import type { Session } from "../../src/protocol/accounts.ts";
import { accepted } from "../support/answers.ts";
import type { TestApp } from "../support/app.ts";
import {
  call,
  directChat,
  groupOf,
  newPerson,
  password,
  type Person,
  personOf,
} from "../support/peer.ts";
import { poll } from "../documents/polls.ts";
import { at, mention, said, send } from "../messages/talk.ts";

/** Somebody who has done everything that the service keeps anything of. */
export interface WholeLife {
  readonly person: Person;
  /** What names the person wherever it stands: ids, and words that nobody else has used. */
  readonly ids: readonly string[];
  readonly words: readonly string[];
}

/** Beside the words, everything of the person's is a member of `friend`'s world. */
export async function wholeLife({ url }: TestApp): Promise<WholeLife> {
  const friend = await newPerson(url, "friend");
  const device = { name: "Markphone", platform: "markos" };
  const made = await call<Session>(url, "POST", "/auth/register", {
    body: { username: "markbefore", password, device },
  });
  const person = personOf(url, accepted(made));
  const profile = {
    username: "markafter",
    displayName: "Markname",
    about: "Markabout",
    email: "mark@markmail.example",
  };
  accepted(await person.call("PATCH", "/me", profile));

  const login = await call<Session>(url, "POST", "/auth/login", {
    body: {
      login: profile.username,
      password,
      device: { name: "Marktablet", platform: "markpad" },
    },
  });
  const tablet = personOf(url, accepted(login));
  accepted(await tablet.call("POST", "/auth/logout"));

  const request = { userId: person.userId };
  accepted(await friend.call("POST", "/contacts/requests", request));
  accepted(await person.call("POST", "/contacts/requests/viewed"));
  const asked = `/contacts/requests/${friend.userId}`;
  accepted(await person.call("POST", `${asked}/accept`));

  const about = { who: "everyone", allow: [person.userId] };
  accepted(await friend.call("PATCH", "/me", { privacy: { about } }));

  const direct = await directChat(person, friend);
  const [own, other] = [
    await groupOf(person, friend),
    await groupOf(friend, person),
  ];
  accepted(await person.call("POST", `/chats/${own}/invites`, {}));
  const club = await groupOf(friend);
  const { code } = accepted(
    await friend.call<{ code: string }>("POST", `/chats/${club}/invites`, {
      needsApproval: true,
    }),
  );
  accepted(await person.call("POST", `/invites/${code}/join`));

  const outside = await newPerson(url, "outside");
  const closed = await groupOf(friend);
  accepted(
    await friend.call("PUT", `/chats/${closed}/bans/${person.userId}`),
  );
  accepted(await person.call("PUT", `/chats/${own}/bans/${outside.userId}`));

  const hers = await send(friend, direct);
  await mention(friend, direct, person);
  const changed = await send(person, direct, "Markearlier");
  accepted(
    await person.call("PATCH", at(changed), { content: said("Marktext") }),
  );
  await send(person, own, "Marktext");
  await send(person, other, "Marktext");
  const ballot = accepted(
    await person.call<{ messageId: string }>(
      "POST",
      `/chats/${direct}/messages`,
      { content: poll },
    ),
  );
  accepted(
    await person.call(
      "PUT",
      `/chats/${direct}/messages/${ballot.messageId}/vote`,
      { options: [0] },
    ),
  );
  const thumb = encodeURIComponent("👍");
  accepted(await person.call("PUT", at(hers, `/reactions/${thumb}`)));
  accepted(await person.call("DELETE", at(hers, "?for=me")));
  accepted(await person.call("POST", `/chats/${direct}/read`, { seq: 1 }));
  const draft = { text: "Markdraft" };
  accepted(await person.call("PATCH", `/chats/${direct}/me`, { draft }));

  return {
    person,
    ids: [
      person.userId,
      person.session.device.deviceId,
      tablet.session.device.deviceId,
    ],
    words: [
      ...Object.values(profile),
      ...["markbefore", "markmail", "Marktext", "Markearlier", "Markdraft"],
      ...["Markphone", "markos", "Marktablet", "markpad"],
    ],
  };
}
