import * as z from 'zod';
import type { WindowUsed } from '../contract/events.ts';
import type { WindowsQuestion } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';

/** `percent` and `endsAt`, in seconds, as Codex states them; which window it is, its length says. */
export function windowOfMinutes(given: {
  minutes?: number;
  percent?: number;
  endsAt?: number;
  seenAt?: number;
}): WindowUsed[] {
  const { minutes, percent, endsAt, ...rest } = given;
  const window = minutes === 300 ? '5h' : minutes === 10_080 ? '7d' : undefined;
  if (window === undefined || percent === undefined || endsAt === undefined) return [];
  return [{ window, used: percent / 100, endsAt: endsAt * 1000, ...rest }];
}

const number = z.number().nullish().catch(undefined);
const Asked = z
  .object({ usedPercent: number, windowDurationMins: number, resetsAt: number })
  .nullish()
  .catch(undefined);
const Answer = z.object({
  id: z.literal(2),
  result: z
    .object({ rateLimits: z.object({ primary: Asked, secondary: Asked }) })
    .optional()
    .catch(undefined),
});

export const CODEX_WINDOWS: WindowsQuestion = {
  args: ['app-server'],
  input: [
    {
      id: 1,
      method: 'initialize',
      params: { clientInfo: { name: 'samocode', title: 'samocode', version: '1' } },
    },
    { method: 'initialized' },
    { id: 2, method: 'account/rateLimits/read' },
  ].map((message) => JSON.stringify(message)),
  readLine(line) {
    const { data } = Answer.safeParse(objectIn(line));
    if (data === undefined) return undefined;
    const { primary, secondary } = data.result?.rateLimits ?? {};
    return [primary, secondary].flatMap((each) =>
      windowOfMinutes({
        minutes: each?.windowDurationMins ?? undefined,
        percent: each?.usedPercent ?? undefined,
        endsAt: each?.resetsAt ?? undefined,
      }),
    );
  },
};
