/** Bounds that clients can rely on; `hello` carries those that a client needs. */
export const limits = {
  /** Largest JSON body of a request, in bytes. */
  bodyBytes: 256 * 1024,
  /** Largest WebSocket frame from a client, in bytes. */
  frameBytes: 64 * 1024,
  /** Longest message text, in UTF-16 units. */
  textLength: 16_000,
  /** Formatted parts, links and mentions of one text. */
  entitiesPerText: 100,
  /** Longest address of a link, in UTF-16 units. */
  linkLength: 2048,
  /** A poll: its question and options in UTF-16 units, and how many options there are. */
  questionLength: 300,
  optionLength: 100,
  pollOptions: 10,
  /** Earlier contents that are kept of one message. */
  editsKept: 20,
  /** Most people in one group. */
  groupMembers: 100_000,
  /** In a larger group, and in every channel, nobody is told of an ordinary member's coming and going. */
  toldMembers: 1024,
  /** In a larger chat, and in every channel, nobody is told how far the others have read. */
  receiptMembers: 1024,
  /** Invitations that one chat has at once. */
  invitesPerChat: 100,
  /** A step of the read cursor counts as a view of so many posts at most, the latest of them. */
  viewsPerStep: 100,
  /** Most people named in one request that makes or extends a group. */
  membersPerRequest: 256,
  /** Different emoji on one message. */
  reactionsPerMessage: 20,
  /** Users that one connection may watch the presence of. */
  watchedUsers: 500,
  /** People that a privacy setting may name on either side. */
  privacyExceptions: 50,
  /** Largest page of a list. */
  pageItems: 100,
  /** Time that a new connection has to say hello. */
  helloMs: 5000,
  /** The server pings a silent connection this often and closes it after two missed pongs. */
  heartbeatMs: 25_000,
  /** Frames that a connection may send: far above what people and well-built clients do. */
  frameBurst: 1000,
  framesPerSecond: 500,
  /** Requests of one connection that may be under way at once. */
  requestsAtOnce: 256,
  /** What all connections of one account may do together, for each process of the service. */
  connectionsOfAccount: 256,
  frameBurstOfAccount: 2000,
  framesPerSecondOfAccount: 1000,
  requestsAtOnceOfAccount: 512,
  /** Bytes a connection may have unsent before it counts as a slow consumer. */
  outboxBytes: 1024 * 1024,
} as const;
