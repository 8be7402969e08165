import { dirname, join } from 'node:path';
import type { McpServer as AcpServer } from '@agentclientprotocol/sdk';
import { expandVariables, type McpServer } from '../../core/agents/contract/mcp-file.ts';
import type { AgentRequest, ChildCommand, Provider } from '../../core/agents/contract/provider.ts';
import { classifyByFinalMessage } from '../../core/agents/reading/child-end.ts';
import { READING_COMMANDS, WRITING_OPTIONS } from '../../core/agents/reading/reading-commands.ts';
import { writeWhole } from '../../core/kernel/files/atomic-file.ts';
import { GRANTS } from '../../core/kernel/phases/grants.ts';
import { ACP_AGENTS, type AcpAgent } from './acp-agents.ts';
import { newAcpReader } from './acp-stream.ts';
import type { PermissionRules, RunnerPlan } from './runner-plan.ts';

type AcpName = (typeof ACP_AGENTS)[number]['name'];

export const ACP_PROVIDERS = ACP_AGENTS.map((agent: AcpAgent & { name: AcpName }) => providerOf(agent));

function providerOf<Name extends string>(agent: AcpAgent & { name: Name }) {
  const { name, title, command, state, hosts, variables, credentials = [], markers = [] } = agent;
  return {
    name,
    title,
    defaultCommand: command,
    hosts,
    credentials,
    markers,
    leftovers: markers,
    ...(state && { state }),
    ...(variables && { variables }),
    ...(agent.settingsFiles && { settingsFiles: agent.settingsFiles }),
    settings: { model: '' },
    ...(agent.facts && { facts: agent.facts }),
    ...(agent.tools && { tools: agent.tools }),
    preflight: { install: agent.install, loginFix: agent.loginFix },
    prices: agent.prices ?? {},
    // Some agents run a plugin of the repository before any prompt, even with everything disabled.
    needsGuard: true,
    asks: agent.asks ?? ('by setting' as const),
    reports: { usd: agent.cost === true, tokens: agent.usage !== undefined },
    prepare: (request) => prepare(agent, request),
    buildCommand: (request) => buildCommand(agent, request),
    newReader: () => newAcpReader(agent),
    classifyEnd: classifyByFinalMessage({ title, setting: `${name.toUpperCase()}_PATH` }),
  } satisfies Provider;
}

function buildCommand({ env }: AcpAgent, request: AgentRequest): ChildCommand {
  return {
    file: request.nodePath,
    args: [join(request.programFolder, 'acp-runner.cjs'), planPath(request)],
    env: { ...request.env, ...env?.(request) },
    stdinPath: request.promptPath,
  };
}

const MINUTE_MS = 60_000;

async function prepare(agent: AcpAgent, request: AgentRequest): Promise<AgentRequest> {
  const { cliPath, workingDir, sessionDir, model, permissions, mcp, env } = request;
  const plan: RunnerPlan = {
    command: [cliPath, ...agent.args(request)],
    cwd: workingDir,
    signalPath: join(sessionDir, '_signal.json'),
    model,
    servers: Object.entries(mcp?.servers ?? {}).map(([name, server]) =>
      serverFor(name, expandVariables(server, env)),
    ),
    rules: permissions === 'skip' ? 'all' : rulesFor(request),
    answerMs: MINUTE_MS,
    retryMs: 2 * MINUTE_MS,
    ...agent.plan,
  };
  await writeWhole(planPath(request), `${JSON.stringify(plan)}\n`);
  return request;
}

function planPath({ promptPath }: AgentRequest): string {
  return join(dirname(promptPath), 'acp-plan.json');
}

function serverFor(name: string, { type, command, args = [], env, url = '', headers }: McpServer): AcpServer {
  const pairs = (record = {}) => Object.entries<string>(record).map(([key, value]) => ({ name: key, value }));
  if (command !== undefined) return { name, command, args, env: pairs(env) };
  return { type: type === 'sse' ? 'sse' : 'http', name, url, headers: pairs(headers) };
}

/** Refuses expansions, redirections and partly quoted options. */
const REFUSED_SYNTAX = [...WRITING_OPTIONS, '[<>&$`(){}\\\\]', ' -[^ =]*[\'"]', '[\'"]-'];
const READING = `^(?:cd|${READING_COMMANDS.join('|')})(?= |$)(?!.*(?:${REFUSED_SYNTAX.join('|')}))`;

function rulesFor({ phase, sessionDir, workingDir }: AgentRequest): PermissionRules {
  if (GRANTS[phase] === 'documents') return { folders: [sessionDir], commands: READING };
  return { folders: [sessionDir, workingDir] };
}
