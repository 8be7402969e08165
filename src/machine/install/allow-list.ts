/**
 * Our tools that a client may run without a question. The acts of the human are not among them (approve_plan, answer_qa,
 * finish_session, rewind_session, and setup_project for its trust), so that the client's own question to its user is the human act.
 * start_session is: clients cannot allow a tool without some of its arguments. Its approve, auto_approve and accept_suggestions are recorded
 * as the model's, and refused where GATE_CHANNELS leaves out `tool`.
 */
export const ALLOWED_TOOLS: readonly string[] = [
  'start_session',
  'list_sessions',
  'get_status',
  'wait',
  'read_qa',
  'read_plan',
  'request_changes',
  'send_message',
  'stop_session',
  'resume_session',
  'read_session',
];
