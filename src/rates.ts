/** What one address, device or name may ask for; far above what people do. */
export const rates = {
  requestsPerIp: { burst: 10_000, perSecond: 5000 },
  requestsPerDevice: { burst: 1000, perSecond: 200 },
  signInsPerIp: { burst: 300, perSecond: 1 },
  signInsPerName: { burst: 10, perSecond: 0.1 },
  contactRequestsPerUser: { burst: 200, perSecond: 0.1 },
  /** People put into chats, or written to first; one request names up to `membersPerRequest`. */
  peopleReachedPerUser: { burst: 2000, perSecond: 2 },
  typingPerChat: { burst: 10, perSecond: 2 },
  previewsPerUser: { burst: 60, perSecond: 1 },
  exportsPerUser: { burst: 3, perSecond: 1 / 600 },
} as const;

/** Reads of pages that one person may have under way, and waiting, whatever the connections. */
export const readsAtOnce = { places: 4, waiting: 512 } as const;
