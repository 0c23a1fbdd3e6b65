// One conversation with a server on standard streams, through the TypeScript SDK.
// Usage: node conversation.mjs v1|v2 FOLDER PROGRAM [ARGUMENTS…]; prints what came of it as one JSON document.
const [version, cwd, command, ...args] = process.argv.slice(2);
const info = { name: "codex-of-the-tests", version: "1" };
let client, transport;
if (version === "v1") {
  const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
  const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
  client = new Client(info);
  transport = new StdioClientTransport({ command, args, cwd, env: process.env });
} else {
  const { Client } = await import("@modelcontextprotocol/client");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  client = new Client(info, { versionNegotiation: { mode: "auto" } });
  transport = new StdioClientTransport({ command, args, cwd, env: process.env });
}
await client.connect(transport);
const call = (name, given = {}) => client.callTool({ name, arguments: given });
const tools = (await client.listTools()).tools.map((tool) => tool.name);
const task = (await call("create_task", { title: "One", files: ["src/**"] })).structuredContent.displayId;
const other = (await call("create_task", { title: "Two", files: ["src/a.py"] })).structuredContent.displayId;
const claimed = await call("claim_task", { task, agentInstance: "agent_1" });
const refused = await call("claim_task", { task: other, agentInstance: "agent_2" });
const wrong = await call("claim_task", { colour: "red" });
const board = (await client.readResource({ uri: "coordinaut://board" })).contents[0].text;
const prompt = (await client.getPrompt({ name: "start-work", arguments: { task } })).messages[0].content.text;
console.log(JSON.stringify({ tools, claimed, refused, wrong, board, prompt }));
await client.close();
