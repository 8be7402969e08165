import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../../../src/core/kernel/errors.ts';
import { installCli } from '../../../support/install-clis.ts';
import type { Answer } from '../../../support/model-stub/conversation.ts';
import { startService } from '../../../support/model-stub/services.ts';
import { openTerminal, type Terminal } from './open-terminal.ts';

export interface InteractivePlan {
  /** The built server, with every tool allowed; absent if the samocode plugin is installed. */
  server?: string;
  /** Environment of the server. */
  serverEnv: Readonly<Record<string, string>>;
  /** Environment of Claude Code in addition to a person's. */
  env: Readonly<Record<string, string>>;
  homeDir: string;
  cwd: string;
  /** Continues the last conversation of that folder. */
  isContinued?: boolean;
  answer: Answer;
}

export async function startInteractiveClaude(plan: InteractivePlan): Promise<Terminal> {
  const { server, serverEnv, homeDir, cwd, isContinued } = plan;
  const [claude, model] = [await installCli('claude'), await startService('claude', plan.answer)];
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    TERM: 'xterm-256color',
    ...model.environmentFor(homeDir),
    ...(server === undefined ? serverEnv : {}),
    ...plan.env,
  };
  await skipFirstQuestions(homeDir, cwd, env.ANTHROPIC_API_KEY ?? '');
  const samocode = { type: 'stdio', command: process.execPath, args: [server], env: serverEnv };
  const config = JSON.stringify({ mcpServers: { samocode } });
  const given = ['--strict-mcp-config', '--mcp-config', config, '--allowedTools', 'mcp__samocode__*'];
  const args = [...(server === undefined ? [] : given), ...(isContinued ? ['--continue'] : [])];
  const terminal = await openTerminal({ file: claude.path, args, cwd, env, ready: /❯|\? for shortcuts/ });
  return {
    ...terminal,
    async [Symbol.asyncDispose]() {
      await terminal[Symbol.asyncDispose]();
      await model.close();
    },
  };
}

/** A person's answers on the first day: the theme, the key, the trust in the folder. */
async function skipFirstQuestions(homeDir: string, cwd: string, key: string): Promise<void> {
  const settings = {
    hasCompletedOnboarding: true,
    lastOnboardingVersion: '2.1.328',
    theme: 'dark',
    numStartups: 5,
    customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
  };
  const path = join(homeDir, '.claude.json');
  const before = JSON.parse((await ifExists(readFile(path, 'utf8'))) ?? '{}');
  await writeFile(path, JSON.stringify({ ...before, ...settings }));
}
