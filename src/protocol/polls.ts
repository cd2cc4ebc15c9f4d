import { z } from "zod";
import { ChatId, UserId } from "./ids.ts";
import { limits } from "./limits.ts";
import { ListQuery } from "./page.ts";
import { Counter, Seq, text, Timestamp } from "./text.ts";

const said = (max: number) =>
  text(1, max).regex(/\S/, { error: "Must not be blank" });

/** A question to everyone in the chat. */
export const PollContent = z.strictObject({
  type: z.literal("poll"),
  question: said(limits.questionLength).meta({ examples: ["When?"] }),
  options: z.array(said(limits.optionLength)).min(2).max(limits.pollOptions)
    .meta({ examples: [["Today", "Tomorrow"]] }),
  anonymous: z.boolean().meta({
    description: "Whether nobody learns who chose what",
    examples: [true],
  }),
  multiple: z.boolean().meta({
    description: "Whether several options may be chosen",
    examples: [false],
  }),
  closesAt: Timestamp.optional().meta({
    description: "No votes from then on, by the service's clock",
    examples: ["2099-11-05T09:41:00.000Z"],
  }),
}).meta({ id: "PollContent", description: "A question, which stays as it is" });
export type PollContent = z.infer<typeof PollContent>;

const Option = z.int().min(0).max(limits.pollOptions - 1).meta({
  description: "An option by its place, counted from 0",
  examples: [0],
});
const Options = z.array(Option).max(limits.pollOptions);
/** What one person chose; none, to take it back. */
export const Choice = Options.meta({
  description: "The options chosen, by their places; none takes the vote back",
  examples: [[0]],
});

/** How a poll stands, alike for everyone. */
export const PollTally = z.object({
  counts: z.array(Counter).meta({
    description: "The votes of each option",
    examples: [[1, 0]],
  }),
  voters: Counter.meta({ description: "How many people voted" }),
  closedAt: Timestamp.nullable().meta({
    description: "When its author closed it",
    examples: [null],
  }),
}).meta({ id: "PollTally", description: "How a poll stands" });
export type PollTally = z.infer<typeof PollTally>;

export const Poll = PollTally.extend({
  mine: Options.meta({
    description: "What the caller chose",
    examples: [[0]],
  }),
}).meta({
  id: "Poll",
  description: "How a poll stands, as the caller sees it",
});
export type Poll = z.infer<typeof Poll>;

export const VoteRequest = z.strictObject({
  options: Options.min(1).meta({
    description: "One option, or several where the poll allows it",
    examples: [[0]],
  }),
}).meta({ id: "VoteRequest" });

/** Who chose what, in an open poll. */
export const Vote = z.object({
  userId: UserId,
  options: Options,
  votedAt: Timestamp,
}).meta({ id: "Vote", description: "What somebody chose in an open poll" });
export type Vote = z.infer<typeof Vote>;

/** What the account itself chose. */
export const OwnVote = z.object({
  chatId: ChatId,
  seq: Seq,
  options: Options.meta({
    description: "None, where the vote was taken back",
    examples: [[0]],
  }),
}).meta({ id: "OwnVote", description: "What the account chose in a poll" });
export type OwnVote = z.infer<typeof OwnVote>;

export const ExportedVote = OwnVote.extend({ votedAt: Timestamp }).meta({
  id: "ExportedVote",
});
export type ExportedVote = z.infer<typeof ExportedVote>;

export const VotesQuery = ListQuery.extend({
  option: z.coerce.number().pipe(Option).optional().meta({
    description: "Only those who chose it",
  }),
});
export interface VotesQuery extends ListQuery {
  readonly option?: number | undefined;
}
