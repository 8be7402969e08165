import { newClaudeReader } from '../../core/agents/claude/claude-stream.ts';
import { claudeTranscript } from '../../core/agents/claude/claude-transcript.ts';
import type { Provider } from '../../core/agents/contract/provider.ts';

export const ECHO_PROVIDERS: readonly Provider[] = [
  {
    name: 'echo',
    title: 'Echo',
    defaultCommand: 'echo-agent',
    settings: { model: '' },
    credentials: [],
    prices: {},
    markers: [],
    buildCommand: ({ cliPath, env, promptPath }) => ({ file: cliPath, args: [], env, stdinPath: promptPath }),
    newReader: newClaudeReader,
    transcript: claudeTranscript,
    classifyEnd: () => undefined,
  },
];
