import type { Phase } from '../../../src/core/kernel/phases/table.ts';
import { done, implementation, quality, testing } from './building-phases.ts';
import type { Conversation, ModelReply } from './conversation.ts';
import { init, investigation, planning, requirements } from './document-phases.ts';
import { type Job, jobIn } from './job.ts';
import type { Script, ToolResult } from './moves.ts';
import type { PlannedWork } from './planned-work.ts';
import { type ModelOf, type ModelService, startService } from './services.ts';

export interface ScriptedModelOptions {
  work: PlannedWork;
  /** The CLI whose service this replaces. */
  of?: ModelOf;
  /** The test's own answer instead of the script's; if undefined, the script answers. */
  instead?: (turn: ModelTurn) => ModelReply | undefined;
}

/** One request of an agent's main conversation. */
export interface ModelTurn {
  job: Job;
  /** Tool calls that this agent has made before. */
  step: number;
  conversation: Conversation;
}

export interface ScriptedModel extends ModelService {
  /** The turns of samocode's agents, in order, without side requests. */
  turns: readonly ModelTurn[];
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
 * Replaces the model behind an agent CLI: it reads samocode's prompt and does the work of the phase by calling the
 * CLI's real tools, always in the same way.
 */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const { work, of = 'claude', instead } = options;
  const turns: ModelTurn[] = [];
  const service = await startService(of, (conversation) => {
    const job = jobIn(conversation.prompt, work);
    if (!job) return { say: 'Noted.' };
    const turn = { job, step: conversation.results.length, conversation };
    turns.push(turn);
    return instead?.(turn) ?? nextMove(SCRIPTS[job.phase](job), conversation.results);
  });
  return { ...service, turns };
}

// The script is replayed from its start for every request, so that a repeated one gets the same answer.
export function nextMove(script: Script, results: readonly ToolResult[]): ModelReply {
  let move = script.next();
  for (const result of results) {
    if (move.done) break;
    move = script.next(result);
  }
  if (move.done) return { say: 'All done.' };
  const { say, name, input } = move.value;
  return { say, use: [{ name, input }] };
}
