import type { By } from '../session/event-types.ts';
import { Refusal } from './command-outcome.ts';
import type { Worker } from './worker.ts';

/** A refusal when this session's gates may not be opened through the channel of `by`. */
export function closedChannel(worker: Worker, by: By): Refusal | undefined {
  const { gateChannels } = worker.file.settings;
  if (gateChannels.includes(by.channel)) return undefined;
  return new Refusal(
    'channel_closed',
    `GATE_CHANNELS of this session does not let "${by.channel}" open a gate.`,
    `Ask the person to do it through: ${gateChannels.join(', ')}.`,
  );
}
