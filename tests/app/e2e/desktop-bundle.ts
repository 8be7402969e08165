import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/** How a client starts a server. */
export interface ServerCommand {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

/** The bundle as Claude Desktop unpacks it. @returns the start command in its manifest */
export async function unpackBundle(folder: string): Promise<ServerCommand> {
  await cp(resolve('packages/desktop'), folder, { recursive: true });
  await cp(resolve('dist'), join(folder, 'server'), { recursive: true });
  const { server } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
  const { command, args, env } = server.mcp_config;
  // No value was entered: the client passes the defaults.
  const unset = Object.keys(env).map((name) => [name, '']);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the client puts the bundle's folder there
  const own = args.map((arg: string) => arg.replace('${__dirname}', folder));
  return {
    command,
    args: own,
    env: Object.fromEntries(unset),
  };
}

/**
 * The bundle's server as Electron's UtilityProcess runs it: all of Node's API is available, but the running program is
 * Electron's helper, which cannot be started as Node.
 */
export async function asUtilityProcess(folder: string): Promise<ServerCommand> {
  const helper = join(folder, 'Claude Helper (Plugin)');
  await writeFile(helper, '#!/bin/sh\necho v30.5.1\nexit 1\n');
  await chmod(helper, 0o755);
  const preload = join(folder, 'utility-process.cjs');
  await writeFile(
    preload,
    `process.execPath = ${JSON.stringify(helper)};
Object.defineProperty(process.versions, 'electron', { value: '30.5.1' });
Object.defineProperty(process, 'type', { value: 'utility' });\n`,
  );
  return { command: process.execPath, args: ['--require', preload, join(folder, 'server/samocode-mcp.js')] };
}

/** A chat that starts a server by `start`. */
export async function chatWith(start: ServerCommand, place: { cwd: string; env: Record<string, string> }) {
  const client = new Client({ name: 'desktop', version: '1' });
  // The transport passes on this process's TERM, which no desktop sets.
  const env = { TERM: '', ...start.env, ...place.env };
  await client.connect(new StdioClientTransport({ ...start, cwd: place.cwd, env, stderr: 'ignore' }));
  return {
    async call(name: string, args: Record<string, unknown>) {
      const { structuredContent, content } = await client.callTool({ name, arguments: args }, undefined, {
        timeout: 120_000,
      });
      // biome-ignore lint/suspicious/noExplicitAny: tests look into results of every tool
      return (structuredContent ?? JSON.parse((content as any)[0].text)) as any;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}
