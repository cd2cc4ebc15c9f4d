/** What happens to announcements between isolates, whatever the driver. */
export interface RelayFault {
  /** This share of the announcements vanishes. */
  readonly drop: number;
  /** This share comes twice, the second time a little later. */
  readonly repeat: number;
  /** They come late by up to so many milliseconds, in whichever order that makes. */
  readonly delayMs: number;
  /** Nothing can be published or subscribed to, and nothing arrives. */
  readonly cut: boolean;
}

export const healthy: RelayFault = {
  drop: 0,
  repeat: 0,
  delayMs: 0,
  cut: false,
};

/** Announcements that a fault met. */
export interface FaultCounts {
  dropped: number;
  repeated: number;
  delayed: number;
  /** Refused to the one who published, and withheld from those who listened. */
  cutOff: number;
}

export const noCounts = (): FaultCounts => ({
  dropped: 0,
  repeated: 0,
  delayed: 0,
  cutOff: 0,
});
