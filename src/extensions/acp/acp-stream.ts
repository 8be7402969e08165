import * as z from 'zod';
import type { ChildEvent, FinalReport, TokenCounts } from '../../core/agents/contract/events.ts';
import {
  calling,
  noting,
  resulting,
  saying,
  type TranscriptEntry,
} from '../../core/agents/contract/transcript.ts';
import { activity, firstLine, objectIn, shortPath } from '../../core/agents/reading/activity.ts';
import { addTokens, apartFromCache, NO_TOKENS } from '../../core/agents/reading/tally.ts';
import type { AcpAgent } from './acp-agents.ts';
import { endingOf } from './acp-end.ts';
import { OWN_LINE, type RunnerLine } from './runner-plan.ts';

const text = z.string().catch('');
const count = z.number().nonnegative().catch(0);
const Content = z.object({ text }).catch({ text: '' });
const Parts = z.array(z.object({ content: Content.optional() })).catch([]);
const Path = z.object({ path: z.string() });

const CALL = {
  title: text,
  kind: text,
  toolCallId: text,
  status: text,
  rawInput: z.object({ command: z.string().optional() }).catch({}),
  locations: z.array(Path).catch([]),
  content: Parts,
};

const Update = z.discriminatedUnion('sessionUpdate', [
  z.object({ sessionUpdate: z.literal('agent_message_chunk'), content: Content }),
  z.object({ sessionUpdate: z.literal('tool_call'), ...CALL }),
  z.object({ sessionUpdate: z.literal('tool_call_update'), ...CALL }),
  z.object({ sessionUpdate: z.literal('usage_update'), cost: z.object({ amount: count, currency: text }) }),
]);
type Update = z.infer<typeof Update>;
type CallUpdate = Extract<Update, { toolCallId: string }>;

const UpdateLine = z.object({ params: z.object({ update: Update }) });

const Usage = z.object({ inputTokens: count, outputTokens: count, cachedReadTokens: count });
const Answer = z.object({ result: z.object({ stopReason: z.string(), usage: Usage }) });

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed']);
const WRITERS: ReadonlySet<string> = new Set(['edit', 'delete', 'move']);
const MAX_OPEN = 200;

type Agent = Pick<AcpAgent, 'usage' | 'countsCached' | 'cost'>;

/** Reads the runner's log of one agent: the agent's lines, with the runner's own lines in between. */
export function newAcpReader(agent: Agent): { readLine(line: string): ChildEvent[] } {
  const open = new Set<string>();
  const vague = new Map<string, string>();
  const denied = new Set<string>();
  let said = '';
  let isSpeaking = false;
  let turns = 0;
  let tokens: TokenCounts | undefined;

  function readUpdate(update: Update): ChildEvent[] {
    if (update.sessionUpdate === 'usage_update') {
      const { amount, currency } = update.cost;
      // A cost of 0 means that the model has no known price.
      return agent.cost && currency === 'USD' && amount > 0 ? [{ kind: 'spent', usdSoFar: amount }] : [];
    }
    if (update.sessionUpdate === 'agent_message_chunk') {
      const about = isSpeaking ? '' : firstLine(update.content.text);
      said = `${isSpeaking ? said : ''}${update.content.text}`.slice(-4000);
      isSpeaking = true;
      return about ? [activity(about)] : [];
    }
    isSpeaking = false;
    return [...begun(update), ...endedIf(update)];
  }

  /** A call can begin twice: opencode describes it only in a second line. */
  function begun(call: CallUpdate): ChildEvent[] {
    const isNew = call.sessionUpdate === 'tool_call';
    if (isNew) turns += 1;
    const isVague = call.locations.length === 0 && call.rawInput.command === undefined;
    if (isNew && isVague && call.status === 'pending') {
      if (vague.size < MAX_OPEN) vague.set(call.toolCallId, call.kind);
      return [];
    }
    const kind = call.kind || vague.get(call.toolCallId) || 'tool';
    if (!vague.delete(call.toolCallId) && !isNew) return [];
    if (open.size > MAX_OPEN) open.clear();
    open.add(call.toolCallId);
    const path = WRITERS.has(kind) ? call.locations[0]?.path : undefined;
    return [activity(callText({ ...call, kind }), { name: kind, ...(path && { path }) })];
  }

  function endedIf({ toolCallId, status }: CallUpdate): ChildEvent[] {
    return ENDED.has(status) && open.delete(toolCallId) ? [{ kind: 'tools_ended', count: 1 }] : [];
  }

  function readUsage({
    inputTokens: input,
    outputTokens: output,
    cachedReadTokens: cached,
  }: z.infer<typeof Usage>) {
    const counts = { input, output, cached };
    const now = agent.countsCached ? apartFromCache(counts) : counts;
    if (agent.usage === 'of the prompt') tokens = addTokens(tokens ?? NO_TOKENS, now);
    if (agent.usage === 'of the session') tokens = now;
  }

  function readOwn(line: RunnerLine): ChildEvent[] {
    switch (line.samocode) {
      case 'started':
        return [
          {
            kind: 'started',
            ...(line.model && { model: line.model }),
            ...(line.version && { version: line.version }),
          },
        ];
      case 'refused':
        if (denied.size < 20) denied.add(line.what.slice(0, 100));
        return [activity(`Refused: ${line.what}`)];
      case 'end':
        return [{ kind: 'final', report: report(line) }];
      default:
        return [];
    }
  }

  function report(line: Extract<RunnerLine, { samocode: 'end' }>): FinalReport {
    const { problem, text: about = '' } = endingOf(line, said.trim());
    return {
      ok: problem === undefined,
      problem,
      text: firstLine(about).slice(0, MAX_TEXT) || undefined,
      turns,
      tokens,
      ...(denied.size > 0 && { deniedTools: [...denied] }),
    };
  }

  return {
    readLine(raw) {
      const own = ownLine(raw);
      if (own) return readOwn(own);
      const line = objectIn(raw);
      const update = UpdateLine.safeParse(line);
      if (update.success) return readUpdate(update.data.params.update);
      const answer = Answer.safeParse(line);
      if (answer.success) readUsage(answer.data.result.usage);
      return [];
    },
  };
}

/** Long enough for a list of models. */
const MAX_TEXT = 600;

const OwnLine = z.object({ samocode: z.string() });

/** A line of the runner itself; the agent's lines never begin like this. */
function ownLine(raw: string): RunnerLine | undefined {
  if (!raw.startsWith(OWN_LINE)) return undefined;
  const line = OwnLine.loose().safeParse(objectIn(raw));
  return line.success ? (line.data as unknown as RunnerLine) : undefined;
}

function callText({
  title,
  kind,
  rawInput,
  locations,
}: Pick<CallUpdate, 'title' | 'kind' | 'rawInput' | 'locations'>): string {
  const about = rawInput.command ?? (locations[0] ? shortPath(locations[0].path, '') : title);
  const name = kind || 'tool';
  return about && about !== name ? `${name}: ${firstLine(about)}` : name;
}

/** One line of the runner's log, rendered for people. Never throws. */
export function acpTranscript(raw: string): TranscriptEntry[] {
  const own = ownLine(raw);
  if (own) return ownEntries(own);
  const update = UpdateLine.safeParse(objectIn(raw)).data?.params.update;
  switch (update?.sessionUpdate) {
    case 'agent_message_chunk':
      return saying(update.content.text).map((entry) => ({
        ...entry,
        text: update.content.text,
        continues: true,
      }));
    case 'tool_call':
    case 'tool_call_update':
      return callEntries(update);
    default:
      return [];
  }
}

/** Shows a call as soon as its subject is known. */
function callEntries(call: CallUpdate): TranscriptEntry[] {
  const { kind, status, content, locations, rawInput } = call;
  if (ENDED.has(status)) {
    const output = content.map((part) => part.content?.text ?? '').join('\n');
    return resulting(output, { failed: status === 'failed' });
  }
  const isKnown = locations.length > 0 || rawInput.command !== undefined;
  return isKnown ? [calling(kind || 'tool', callText({ ...call, kind: '' }).replace(/^tool: /, ''))] : [];
}

function ownEntries(line: RunnerLine): TranscriptEntry[] {
  switch (line.samocode) {
    case 'started':
      return line.model ? [noting(`starts with ${line.model}`)] : [];
    case 'refused':
      return [noting(`refused: ${line.what}`)];
    case 'again':
      return [
        noting(line.why === 'signal' ? 'asked again for its signal' : 'continues without what was refused'),
      ];
    case 'cut':
      return [noting(`a line of ${line.bytes} bytes was left out`)];
    case 'left_out':
      return [noting(`cannot reach these MCP servers: ${line.servers.join(', ')}`)];
    case 'end': {
      const { problem, text: about = '' } = endingOf(line, '');
      return problem ? [noting(`failed: ${about || problem.kind}`)] : [];
    }
    default:
      return [];
  }
}
