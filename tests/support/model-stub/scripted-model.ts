import type { Phase } from '../../../src/phases/table.ts';
import { done, implementation, quality, testing } from './building-phases.ts';
import { init, investigation, planning, requirements } from './document-phases.ts';
import { type Job, jobIn } from './job.ts';
import { type MessagesRequest, type ModelReply, resultText, textOf } from './messages.ts';
import type { Script, ToolResult } from './moves.ts';
import type { PlannedWork } from './planned-work.ts';
import { type ModelServer, startModelServer } from './server.ts';

export interface ScriptedModelOptions {
  work: PlannedWork;
  /** An answer of the test's own instead of the script's; undefined leaves it to the script. */
  instead?: (turn: ModelTurn) => ModelReply | undefined;
}

/** One request of a child's main conversation. */
export interface ModelTurn {
  job: Job;
  /** Tool calls that this child has made before. */
  step: number;
  request: MessagesRequest;
}

export interface ScriptedModel extends ModelServer {
  /** The turns of samocode's children, in order; requests beside them are left out. */
  turns: readonly ModelTurn[];
  /** What points a CLI at this model and at nothing of the person's. */
  environmentFor(homeDir: string): Record<string, string>;
}

const SCRIPTS: Readonly<Record<Phase, (job: Job) => Script>> = {
  init,
  investigation,
  requirements,
  planning,
  implementation,
  testing,
  quality,
  done,
};

/**
 * A stand-in for the model behind Claude Code: it reads samocode's prompt and does the phase's work by
 * calling the CLI's real tools, always in the same way.
 */
export async function startScriptedModel({ work, instead }: ScriptedModelOptions): Promise<ScriptedModel> {
  const turns: ModelTurn[] = [];
  const server = await startModelServer((request) => {
    const prompt = textOf(request.messages.find(({ role }) => role === 'user'));
    const job = request.tools?.length ? jobIn(prompt, work) : undefined;
    if (!job) return { say: 'Noted.' };
    const results = resultsIn(request);
    const turn = { job, step: results.length, request };
    turns.push(turn);
    return instead?.(turn) ?? nextMove(SCRIPTS[job.phase](job), results);
  });
  const environmentFor = (homeDir: string) => ({
    HOME: homeDir,
    ANTHROPIC_BASE_URL: server.url,
    ANTHROPIC_API_KEY: 'key-of-the-scripted-model',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  });
  return { ...server, turns, environmentFor };
}

function resultsIn({ messages }: MessagesRequest): ToolResult[] {
  return messages.flatMap(({ content }) => {
    if (typeof content === 'string') return [];
    return content.flatMap((block) =>
      block.type === 'tool_result'
        ? [{ text: resultText(block.content), failed: block.is_error === true }]
        : [],
    );
  });
}

// The script is played again from its start for every request, so that a repeated one is answered alike.
function nextMove(script: Script, results: readonly ToolResult[]): ModelReply {
  let move = script.next();
  for (const result of results) {
    if (move.done) break;
    move = script.next(result);
  }
  if (move.done) return { say: 'All done.' };
  const { say, name, input } = move.value;
  return { say, use: [{ name, input }] };
}
