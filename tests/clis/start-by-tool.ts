import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

/** Starts a session as a parent does: by the tool of a real server, which is gone when this returns. */
export async function startByTool(
  program: string,
  { cwd, env, input }: { cwd: string; env: Record<string, string>; input: Record<string, unknown> },
): Promise<string> {
  const client = new Client({ name: 'tests', version: '1' });
  const args = [program];
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args, cwd, env, stderr: 'ignore' }),
  );
  try {
    const request = { name: 'start_session', arguments: input };
    const result = await client.callTool(request, undefined, { timeout: 90_000 });
    const { session } = (result.structuredContent ?? {}) as { session?: string };
    if (session === undefined) throw new Error(`start_session: ${JSON.stringify(result.content)}`);
    return session;
  } finally {
    await client.close();
  }
}
