import { openToAll } from "../accounts/mod.ts";
import type { UserId } from "../protocol/ids.ts";
import type { PrivacyRule } from "../protocol/privacy.ts";
import { isBlocked, type Sides } from "./rules.ts";

/**
 * Whether a setting of `owner` lets `viewer`. No rule: as it comes, for everyone. A denial counts
 * before anything else, and to people of whom one has blocked the other no exception is made.
 */
export function allows(
  rule: PrivacyRule | null | undefined,
  sides: Sides,
  viewer: UserId,
  owner: UserId,
): boolean {
  const { who, allow, deny } = rule ?? openToAll;
  if (viewer === owner) return true;
  if (deny.includes(viewer)) return false;
  if (who === "everyone") return true;
  if (isBlocked(sides)) return false;
  return allow.includes(viewer) ||
    (who === "contacts" && sides.theirs === "accepted");
}
