import type { By, Channel } from '../event-types.ts';
import { type Refused, refused } from './refused.ts';

/** A refusal when the gates of a session may not be opened through the channel of `by`. */
export function closedChannel(
  { channel, client }: By,
  gateChannels: readonly Channel[],
  what = 'No gate was opened.',
): Refused | undefined {
  if (gateChannels.includes(channel)) return undefined;
  const from = client === undefined ? '' : ` (${client})`;
  return refused('channel_closed', {
    what,
    why: `GATE_CHANNELS of this project allows only ${gateChannels.join(', ')}, and this came by ${channel}${from}.`,
    hint: `Ask the human to decide it ${gateChannels.map((each) => WAYS[each]).join(', or ')}.`,
  });
}

const WAYS: Readonly<Record<Channel, string>> = {
  tool: 'through the chat',
  elicitation: 'in a form of their client',
  cli: 'with samocode in a terminal of their own, outside of any agent',
  phone: 'by phone',
  file: 'by typing answers into _qa.md',
  settings: 'by the settings',
};
