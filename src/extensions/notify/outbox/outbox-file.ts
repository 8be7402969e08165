import * as z from 'zod';
import { ChannelState } from '../../../core/caller/facts/channel-state.ts';
import { type Clock, isoUtc } from '../../../core/kernel/clock.ts';
import { Notice } from '../notice/kinds.ts';
import { StateFile } from '../state-file.ts';

const Queued = Notice.extend({
  /** The channels that have still to send it; this version may not know all. */
  to: z.array(z.string()),
});

/** `outbox.json` in the supervisor's folder. */
const OutboxState = z.object({
  v: z.literal(1),
  /** Earlier events are ignored. */
  since: z.string(),
  /** How far the log of each session was read, keyed by folder and id, since a folder name can be reused. */
  read: z.record(z.string(), z.int()),
  /** The newest ids of notices, oldest first, so that a state that lasts and an event in two logs are sent once. */
  known: z.array(z.string()),
  /** What has still to be sent, oldest first; without what another version wrote and this one does not know. */
  notices: z
    .array(z.unknown())
    .transform((all): Queued[] => all.flatMap((one) => Queued.safeParse(one).data ?? [])),
  channels: z.record(z.string(), ChannelState),
});
type OutboxState = z.infer<typeof OutboxState>;
export type Queued = z.infer<typeof Queued>;

/** The first supervisor of a machine is started by the very event that it must report. */
const BEFORE_FIRST_MS = 60_000;
/** Notices that could not be sent within this time are given up. */
const KEPT_MS = 7 * 24 * 3_600_000;
/** Of a channel that fails for longer, the newest are kept. */
const MAX_NOTICES = 200;
const MAX_KNOWN = 1000;
/** A channel is removed from the file once it has not been configured for this time. */
const UNSET_MS = 24 * 3_600_000;

export type OutboxFile = StateFile<OutboxState>;

export function openOutbox(path: string, clock: Pick<Clock, 'now'>): OutboxFile {
  return new StateFile(path, OutboxState, () => ({
    ...{ v: 1, read: {}, known: [], notices: [], channels: {} },
    since: firstTime(clock.now()),
  }));
}

/** The time from which events count for a supervisor that has no file. */
export function firstTime(nowMs: number): string {
  return isoUtc(nowMs - BEFORE_FIRST_MS);
}

/** Queues notices for the channels of the file, each id once. @returns those that are new */
export function queue(state: OutboxState, notices: readonly Notice[], nowMs: number): Notice[] {
  const known = new Set(state.known);
  // Of two with one id, the later one knows more: a group is counted anew with each of its sessions.
  const once = [...new Map(notices.map((notice) => [notice.id, notice])).values()];
  const news = once.filter(({ id }) => !known.has(id));
  // What lasts stays among the newest.
  for (const { id } of once) {
    known.delete(id);
    known.add(id);
  }
  state.known = [...known].slice(-MAX_KNOWN);
  const to = Object.keys(state.channels);
  const added = to.length === 0 ? [] : news.map((notice) => ({ ...notice, to }));
  const all = [...state.notices, ...added];
  const oldest = isoUtc(nowMs - KEPT_MS);
  const isNew = (index: number) => index >= state.notices.length;
  const isKept = ({ at }: Queued, index: number) =>
    (at > oldest || isNew(index)) && index >= all.length - MAX_NOTICES;
  state.notices = all.filter(isKept);
  const givenUp = all.filter((notice, index) => !isKept(notice, index));
  for (const name of givenUp.flatMap(({ to: left }) => left)) {
    const channel = channelIn(state, name);
    channel.givenUp = (channel.givenUp ?? 0) + 1;
  }
  return news;
}

/**
 * Names the channels that notices are queued for: those of the settings and, for a day, those that were in them, since a
 * setting may only be mistyped. @returns whether anything has changed
 */
export function nameChannels(state: OutboxState, configured: readonly string[], nowMs: number): boolean {
  const before = JSON.stringify(state.channels);
  for (const name of configured) delete channelIn(state, name).unsetSince;
  for (const [name, channel] of Object.entries(state.channels)) {
    if (configured.includes(name)) continue;
    const { unsetSince = isoUtc(nowMs) } = channel;
    state.channels[name] = { sending: channel.sending, unsetSince };
    if (Date.parse(unsetSince) > nowMs - UNSET_MS) continue;
    delete state.channels[name];
    for (const notice of state.notices) notice.to = notice.to.filter((one) => one !== name);
    state.notices = state.notices.filter(({ to }) => to.length > 0);
  }
  return JSON.stringify(state.channels) !== before;
}

/** The state of a channel, which can be changed in place. */
export function channelIn({ channels }: Pick<OutboxState, 'channels'>, name: string): ChannelState {
  channels[name] ??= {};
  return channels[name];
}
