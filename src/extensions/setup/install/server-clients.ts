import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import { type Client, programOf } from './client.ts';
import { COMMON_FORMAT, type ServerFormat, serverPart, serverStart, serverSteps } from './server-entry.ts';

/** A client that gets one server in one JSON file. */
interface ServerClient extends Pick<Client, 'name' | 'title' | 'restart' | 'shows'> {
  /** If absent, the client counts as installed if the folder of its file exists. */
  program?: string;
  /** The files in which it reads servers for all projects. The first that exists is changed, or else the last. */
  files(context: ActionContext): readonly [string, ...string[]];
  format: ServerFormat;
  /** The file for one project, in the same format unless another is given. */
  project?: { file: string; format?: ServerFormat };
}

/** Each in the format that its documentation describes; docs/clients.md names the sources. */
export const SERVER_ROWS: readonly ServerClient[] = [
  {
    name: 'desktop',
    title: 'Claude Desktop',
    restart: 'Quit Claude Desktop and open it again',
    files: (context) => [join(applicationFolder(context, 'Claude'), 'claude_desktop_config.json')],
    format: COMMON_FORMAT,
  },
  {
    name: 'vscode',
    title: 'VS Code',
    restart: 'Restart VS Code',
    shows: '; “MCP: List Servers” then shows samocode',
    files: (context) => [join(applicationFolder(context, 'Code'), 'User/mcp.json')],
    format: { servers: 'servers', entry: (start) => ({ type: 'stdio', ...start }) },
    project: { file: '.vscode/mcp.json' },
  },
  {
    name: 'cursor',
    title: 'Cursor',
    restart: 'Restart Cursor',
    files: ({ home }) => [join(home, '.cursor/mcp.json')],
    format: COMMON_FORMAT,
    project: { file: '.cursor/mcp.json' },
  },
  {
    name: 'copilot',
    title: 'Copilot CLI',
    restart: 'Restart Copilot CLI',
    shows: '; /mcp show then shows samocode',
    program: 'copilot',
    files: ({ env, home }) => [join(env.COPILOT_HOME || join(home, '.copilot'), 'mcp-config.json')],
    format: {
      ...COMMON_FORMAT,
      isRequired: true,
      entry: (start) => ({ type: 'local', ...start, tools: ['*'] }),
    },
    // Claude Code reads the same file, and supports neither that type nor a list of tools.
    project: { file: '.mcp.json', format: COMMON_FORMAT },
  },
  {
    name: 'opencode',
    title: 'opencode',
    restart: 'Restart opencode',
    program: 'opencode',
    files: (context) => [
      join(configHome(context), 'opencode/opencode.jsonc'),
      join(configHome(context), 'opencode/opencode.json'),
    ],
    format: {
      servers: 'mcp',
      entry: ({ command, args }) => ({ type: 'local', command: [command, ...args], enabled: true }),
    },
    project: { file: 'opencode.json' },
  },
  {
    name: 'zed',
    title: 'Zed',
    restart: 'Restart Zed',
    files: (context) => [join(configHome(context), 'zed/settings.json')],
    format: { ...COMMON_FORMAT, servers: 'context_servers' },
    project: { file: '.zed/settings.json' },
  },
  {
    name: 'windsurf',
    title: 'Windsurf',
    restart: 'Restart Windsurf',
    files: ({ home }) => [join(home, '.codeium/windsurf/mcp_config.json')],
    format: COMMON_FORMAT,
  },
];

export const SERVER_CLIENTS: readonly Client[] = SERVER_ROWS.map(
  ({ name, title, restart, shows, program, files, format, project }) => ({
    name,
    title,
    restart,
    ...(shows && { shows }),
    async detect(context) {
      if (program !== undefined) return await programOf(program, context);
      const folder = dirname(files(context)[0]);
      // An unreadable folder has no settings to change either.
      const found = await stat(folder).catch(() => undefined);
      return found?.isDirectory() ? folder : undefined;
    },
    async add({ context, replace, allSkills }) {
      const all = files(context);
      const path = all.find((one) => existsSync(one)) ?? all[all.length - 1] ?? all[0];
      return await serverSteps(path, await serverStart(context), { title, replace, allSkills, format });
    },
    remove: async (context) => files(context).map((path) => serverPart(path, format)),
    ...(project && { project: { format, ...project } }),
  }),
);

/** Where desktop programs keep a user's settings. */
function applicationFolder(context: ActionContext, name: string): string {
  if (process.platform === 'darwin') return join(context.home, 'Library/Application Support', name);
  return join(configHome(context), name);
}

function configHome({ env, home }: ActionContext): string {
  return env.XDG_CONFIG_HOME || join(home, '.config');
}
