import { connect } from '../../support/mcp-client.ts';

/** Starts a session as a parent does: by the tool of a real server, which is gone when this returns. */
export async function startByTool({
  cwd,
  env,
  input,
}: {
  cwd: string;
  env: Record<string, string>;
  input: Record<string, unknown>;
}): Promise<string> {
  await using parent = await connect({ cwd, env });
  return (await parent.ask('start_session', input)).session;
}
