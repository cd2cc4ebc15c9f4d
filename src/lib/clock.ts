/** Tells the time in milliseconds since the epoch; passed in, so that tests can hold it. */
export type Clock = () => number;

export const systemClock: Clock = Date.now;
