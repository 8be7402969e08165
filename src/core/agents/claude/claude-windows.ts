import * as z from 'zod';
import type { WindowUsed } from '../contract/events.ts';
import type { WindowsQuestion } from '../contract/provider.ts';
import { objectIn } from '../reading/activity.ts';

const NAMES = { five_hour: '5h', seven_day: '7d' } as const;

const Used = z.object({ utilization: z.number(), resetsAt: z.number() });

/** Of `unifiedWindows` of a `rate_limit_event`: from 0 to 1, and in seconds. Only a login with a plan has them. */
export function windowsOfStream(windows: Readonly<Record<string, unknown>> = {}): WindowUsed[] {
  return Object.entries(NAMES).flatMap(([name, window]) => {
    const { data } = Used.safeParse(windows[name]);
    return data ? [{ window, used: data.utilization, endsAt: data.resetsAt * 1000 }] : [];
  });
}

const UsedAsAsked = z.object({ utilization: z.number(), resets_at: z.string() });
const Answer = z.object({
  type: z.literal('control_response'),
  response: z.object({
    response: z.object({ rate_limits: z.record(z.string(), z.unknown()).nullish().catch(undefined) }),
  }),
});

/** Asks for the page that `/usage` shows, with nothing of a person's or a project's settings. */
export const CLAUDE_WINDOWS: WindowsQuestion = {
  args: [
    ...['-p', '--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose'],
    ...['--tools=', '--setting-sources=', '--strict-mcp-config', '--no-session-persistence'],
  ],
  input: [
    JSON.stringify({
      type: 'control_request',
      request_id: 'windows',
      request: { subtype: 'get_usage', skip_behaviors: true },
    }),
  ],
  // In percent, and as ISO times.
  readLine(line) {
    const { data } = Answer.safeParse(objectIn(line));
    if (data === undefined) return undefined;
    const windows = data.response.response.rate_limits ?? {};
    return Object.entries(NAMES).flatMap(([name, window]) => {
      const { data: each } = UsedAsAsked.safeParse(windows[name]);
      const endsAt = Date.parse(each?.resets_at ?? '');
      return each && Number.isFinite(endsAt) ? [{ window, used: each.utilization / 100, endsAt }] : [];
    });
  },
};
