import assert from "node:assert/strict";
import { revokeDevice } from "../../src/accounts/revoke_device.ts";
import { revokeOthers } from "../../src/accounts/revoke_others.ts";
import { commitBatch } from "../../src/changes/commit.ts";
import type { Device } from "../../src/protocol/accounts.ts";
import type { DeviceId, UserId } from "../../src/protocol/ids.ts";
import type { List } from "../../src/protocol/page.ts";
import type { Problem } from "../../src/protocol/problem.ts";
import {
  answer,
  refused,
  type SignedIn,
  startAccounts,
  type TestService,
} from "./service.ts";

const path = "/me/devices?except=current";

async function devicesOf(service: TestService, token: string) {
  const { items } = await answer<List<Device>>(
    await service.call("GET", "/me/devices", { token }),
  );
  return items.map(({ deviceId }) => deviceId);
}

Deno.test("all other devices are signed out at once, and every one is told of", async () => {
  await using service = await startAccounts();
  const first = await service.register("ada");
  const others = [await service.login("ada"), await service.login("ada")];
  const ida = await service.register("ida");
  const token = first.accessToken;
  service.events.length = 0;

  await answer(await service.call("DELETE", path, { token }), 204);
  for (const { accessToken, refreshToken } of others) {
    await refused(
      await service.call("GET", "/me", { token: accessToken }),
      "token_revoked",
    );
    await refused(
      await service.call("POST", "/auth/refresh", { body: { refreshToken } }),
      "unauthenticated",
    );
  }
  assert.deepEqual(await devicesOf(service, token), [first.device.deviceId]);
  assert.deepEqual(await devicesOf(service, ida.accessToken), [
    ida.device.deviceId,
  ]);
  const revokedAt = new Date(service.clock.ms).toISOString();
  assert.deepEqual(
    service.events,
    others.map(({ device: { current: _, ...device } }, i) => ({
      account: first.user.userId,
      rev: 5 + i,
      event: {
        type: "device.updated",
        accountRev: 5 + i,
        device: { ...device, revokedAt },
      },
    })),
  );
  // Repeated, there is nothing left to do.
  await answer(await service.call("DELETE", path, { token }), 204);
  assert.equal(service.events.length, 2);
});

Deno.test("signing devices out wants to be told which one stays", async () => {
  await using service = await startAccounts();
  const { accessToken: token } = await service.register("ada");
  for (const bad of ["", "?except=", "?except=all", "?except=none"]) {
    await refused(
      await service.call("DELETE", `/me/devices${bad}`, { token }),
      "invalid_input",
    );
  }
  await answer(await service.call("GET", "/me", { token }));
});

Deno.test("of devices that sign all others out at the same time one stays", async () => {
  await using service = await startAccounts();
  const other = await service.anotherIsolate();
  const devices = [
    await service.register("ada"),
    ...await Promise.all([1, 2, 3].map(() => service.login("ada"))),
  ];
  const responses = await Promise.all(
    devices.map(({ accessToken: token }, i) =>
      (i % 2 ? service : other).call("DELETE", path, { token })
    ),
  );
  const stayed = devices.filter((_, i) => responses[i]!.status === 204);
  assert.equal(stayed.length, 1);
  for (const response of responses.filter(({ status }) => status !== 204)) {
    await refused(response, "token_revoked");
  }
  const [{ accessToken, device }] = stayed as [SignedIn];
  assert.deepEqual(await devicesOf(service, accessToken), [device.deviceId]);
});

Deno.test("within one batch a device that was signed out signs nobody out", async () => {
  await using service = await startAccounts();
  const batches = [
    (userId: UserId, a: DeviceId, b: DeviceId) => [
      revokeOthers(userId, a),
      revokeOthers(userId, b),
    ],
    (userId: UserId, a: DeviceId, b: DeviceId) => [
      revokeDevice({ userId, by: a, deviceId: b }),
      revokeDevice({ userId, by: b, deviceId: a }),
    ],
  ];
  for (const [i, batch] of batches.entries()) {
    const one = await service.register(`ada${i}`);
    const two = await service.login(`ada${i}`);
    const { settled } = await commitBatch(
      service.db,
      batch(one.user.userId, one.device.deviceId, two.device.deviceId),
      new Date(service.clock.ms),
    );
    const [first, second] = settled;
    assert.ok("reply" in first!);
    assert.ok("error" in second!);
    assert.equal((second.error as Problem).code, "token_revoked");
  }
});
