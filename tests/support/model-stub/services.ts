import { writeBelow } from '../temp-dir.ts';
import { startChatModel } from './chat-wire.ts';
import { startClaudeModel } from './claude-wire.ts';
import { startCodexModel } from './codex-wire.ts';
import type { Answer } from './conversation.ts';
import { startGeminiModel } from './gemini-wire.ts';
import type { StubServer } from './server.ts';

export type HeadlessCli = 'claude' | 'codex' | 'gemini';
export type ModelOf = HeadlessCli | 'opencode' | 'copilot';

/** A replacement for the service that an agent CLI talks to. */
export interface ModelService extends StubServer {
  /** Environment that points a CLI to this model and away from the person's settings. */
  environmentFor(homeDir: string): Record<string, string>;
  /** Writes the settings that a person's home would contain for such a model. */
  furnish(homeDir: string): Promise<void>;
}

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
  opencode: {
    start: (answer) => startChatModel(answer, 'opencode'),
    environment: () => ({ OPENCODE_MODEL: 'stub/scripted', OPENCODE_DISABLE_DEFAULT_PLUGINS: '1' }),
    files: (url) => ({
      '.config/opencode/opencode.json': JSON.stringify({
        provider: {
          stub: {
            ...{ npm: '@ai-sdk/openai-compatible', name: 'Stub' },
            options: { baseURL: `${url}/v1`, apiKey: KEY },
            models: {
              scripted: {
                ...{ name: 'Scripted', limit: { context: 200_000, output: 8000 } },
                cost: { input: 2, output: 10, cache_read: 0.2 },
              },
            },
          },
        },
      }),
    }),
  },
  copilot: {
    start: (answer) => startChatModel(answer, 'copilot'),
    environment: (url) => ({
      COPILOT_OFFLINE: 'true',
      COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
      COPILOT_PROVIDER_API_KEY: KEY,
      COPILOT_MODEL: 'gpt-5',
    }),
    files: () => ({}),
  },
};

export async function startService(of: ModelOf, answer: Answer): Promise<ModelService> {
  const service = SERVICES[of];
  const server = await service.start(answer);
  return {
    ...server,
    environmentFor: (homeDir) => ({ HOME: homeDir, ...service.environment(server.url) }),
    furnish: (homeDir) => writeBelow(homeDir, service.files(server.url)),
  };
}
