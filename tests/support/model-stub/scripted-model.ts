import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Phase } from '../../../src/phases/table.ts';
import { done, implementation, quality, testing } from './building-phases.ts';
import { startClaudeModel } from './claude-wire.ts';
import { startCodexModel } from './codex-wire.ts';
import type { Answer, Conversation, ModelReply } from './conversation.ts';
import { init, investigation, planning, requirements } from './document-phases.ts';
import { startGeminiModel } from './gemini-wire.ts';
import { type Job, jobIn } from './job.ts';
import type { Script, ToolResult } from './moves.ts';
import type { PlannedWork } from './planned-work.ts';
import type { StubServer } from './server.ts';

export type ModelOf = 'claude' | 'codex' | 'gemini';

export interface ScriptedModelOptions {
  work: PlannedWork;
  /** The CLI whose service this stands in for. */
  of?: ModelOf;
  /** An answer of the test's own instead of the script's; undefined leaves it to the script. */
  instead?: (turn: ModelTurn) => ModelReply | undefined;
}

/** One request of a child's main conversation. */
export interface ModelTurn {
  job: Job;
  /** Tool calls that this child has made before. */
  step: number;
  conversation: Conversation;
}

export interface ScriptedModel extends StubServer {
  /** The turns of samocode's children, in order; requests beside them are left out. */
  turns: readonly ModelTurn[];
  /** What points a CLI at this model and at nothing of the person's. */
  environmentFor(homeDir: string): Record<string, string>;
  /** Writes the settings that a person's home would hold for such a model. */
  furnish(homeDir: string): Promise<void>;
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

const KEY = 'key-of-the-scripted-model';

interface Service {
  start(answer: Answer): Promise<StubServer>;
  environment(url: string): Record<string, string>;
  /** Files of a home, path to text. */
  files(url: string): Record<string, string>;
}

const SERVICES: Readonly<Record<ModelOf, Service>> = {
  claude: {
    start: startClaudeModel,
    environment: (url) => ({
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_API_KEY: KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    }),
    files: () => ({}),
  },
  codex: {
    start: startCodexModel,
    environment: () => ({ STUB_KEY: KEY }),
    files: (url) => ({
      '.codex/config.toml': [
        'model_provider = "stub"',
        '[model_providers.stub]',
        'name = "stub"',
        `base_url = "${url}/v1"`,
        'env_key = "STUB_KEY"',
        'wire_api = "responses"\n',
      ].join('\n'),
    }),
  },
  gemini: {
    start: startGeminiModel,
    environment: (url) => ({
      GEMINI_API_KEY: KEY,
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_TELEMETRY_ENABLED: 'false',
    }),
    files: () => ({
      // A base URL selects a kind of login that headless mode refuses.
      '.gemini/settings.json': JSON.stringify({
        security: { auth: { selectedType: 'gemini-api-key' } },
        general: { maxAttempts: 2 },
      }),
    }),
  },
};

/**
 * A stand-in for the model behind an agent CLI: it reads samocode's prompt and does the phase's work by
 * calling the CLI's real tools, always in the same way.
 */
export async function startScriptedModel(options: ScriptedModelOptions): Promise<ScriptedModel> {
  const { work, of = 'claude', instead } = options;
  const service = SERVICES[of];
  const turns: ModelTurn[] = [];
  const server = await service.start((conversation) => {
    const job = jobIn(conversation.prompt, work);
    if (!job) return { say: 'Noted.' };
    const turn = { job, step: conversation.results.length, conversation };
    turns.push(turn);
    return instead?.(turn) ?? nextMove(SCRIPTS[job.phase](job), conversation.results);
  });
  return {
    ...server,
    turns,
    environmentFor: (homeDir) => ({ HOME: homeDir, ...service.environment(server.url) }),
    async furnish(homeDir) {
      for (const [path, text] of Object.entries(service.files(server.url))) {
        await mkdir(join(homeDir, path, '..'), { recursive: true });
        await writeFile(join(homeDir, path), text);
      }
    },
  };
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
