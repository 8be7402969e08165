import * as z from 'zod';
import type { AgentEvent, FinalReport, TokenCounts, ToolCall } from '../../core/agents/contract/events.ts';
import { firstLine, objectIn, shortPath } from '../../core/agents/reading/activity.ts';
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
export function newAcpReader(agent: Agent): { readLine(line: string): AgentEvent[] } {
  const open = new Set<string>();
  const vague = new Map<string, string>();
  const denied = new Set<string>();
  let said = '';
  let isSpeaking = false;
  let turns = 0;
  let tokens: TokenCounts | undefined;

  function readUpdate(update: Update): AgentEvent[] {
    if (update.sessionUpdate === 'usage_update') {
      const { amount, currency } = update.cost;
      // A cost of 0 means that the model has no known price.
      return agent.cost && currency === 'USD' && amount > 0 ? [{ kind: 'spent', usdSoFar: amount }] : [];
    }
    if (update.sessionUpdate === 'agent_message_chunk') {
      const { text } = update.content;
      const event: AgentEvent = { kind: 'said', text, continues: true, isMore: isSpeaking };
      said = `${isSpeaking ? said : ''}${text}`.slice(-4000);
      isSpeaking = true;
      return [event];
    }
    isSpeaking = false;
    return [...begun(update), ...endedIf(update)];
  }

  /** A call can begin twice: opencode describes it only in a second line, and then again. */
  function begun(call: CallUpdate): ToolCall[] {
    const isNew = call.sessionUpdate === 'tool_call';
    if (isNew) turns += 1;
    const { toolCallId: id, status, locations, rawInput } = call;
    const isVague = locations.length === 0 && rawInput.command === undefined;
    if (isNew && isVague && status === 'pending') {
      if (vague.size < MAX_OPEN) vague.set(id, call.kind);
      return [];
    }
    const begins = { ...call, kind: call.kind || vague.get(id) || 'tool' };
    if (!vague.delete(id) && !isNew)
      return isVague || ENDED.has(status) ? [] : [{ ...calledIn(begins), again: true }];
    if (open.size > MAX_OPEN) open.clear();
    open.add(id);
    return [calledIn(begins)];
  }

  function endedIf({ toolCallId, status, content }: CallUpdate): AgentEvent[] {
    if (!ENDED.has(status)) return [];
    const text = () => content.map((part) => part.content?.text ?? '').join('\n');
    const outputs = () => [{ text: text(), failed: status === 'failed' }];
    return [{ kind: 'returned', count: open.delete(toolCallId) ? 1 : 0, outputs }];
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

  function readOwn(line: RunnerLine): AgentEvent[] {
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
        return [{ kind: 'noted', text: `refused: ${line.what}`, now: `Refused: ${line.what}` }];
      case 'again': {
        const isForSignal = line.why === 'signal';
        const text = isForSignal ? 'asked again for its signal' : 'continues without what was refused';
        return [{ kind: 'noted', text }];
      }
      case 'cut':
        return [{ kind: 'noted', text: `a line of ${line.bytes} bytes was left out` }];
      case 'left_out':
        return [{ kind: 'noted', text: `cannot reach these MCP servers: ${line.servers.join(', ')}` }];
      case 'end':
        return ended(line);
      default:
        return [];
    }
  }

  function ended(line: Extract<RunnerLine, { samocode: 'end' }>): AgentEvent[] {
    const { problem, text: about = '' } = endingOf(line, said.trim());
    const report: FinalReport = {
      ok: problem === undefined,
      problem,
      text: firstLine(about).slice(0, MAX_TEXT) || undefined,
      turns,
      tokens,
      ...(denied.size > 0 && { deniedTools: [...denied] }),
    };
    const final: AgentEvent = { kind: 'final', report };
    return problem ? [{ kind: 'noted', text: `failed: ${about || problem.kind}` }, final] : [final];
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

function calledIn({ kind, title, rawInput, locations }: CallUpdate): ToolCall {
  const [place] = locations;
  const about = firstLine(rawInput.command ?? (place ? shortPath(place.path, '') : title));
  const path = WRITERS.has(kind) ? place?.path : undefined;
  return { kind: 'called', tool: kind, about: about === kind ? '' : about, ...(path && { path }) };
}
