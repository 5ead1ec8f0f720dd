// What programs do with the AWS SDK for JavaScript, unchanged but for the endpoint: prints a line a check.
import {
  ActivityDoesNotExist, CreateActivityCommand, CreateStateMachineAliasCommand, CreateStateMachineCommand,
  DeleteActivityCommand, DeleteStateMachineCommand, DescribeExecutionCommand, DescribeStateMachineCommand,
  ExecutionAlreadyExists, ExecutionDoesNotExist, GetActivityTaskCommand, InvalidArn, InvalidDefinition,
  ListStateMachineVersionsCommand, ListTagsForResourceCommand, PublishStateMachineVersionCommand, SendTaskFailureCommand,
  SendTaskHeartbeatCommand, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, StateMachineAlreadyExists,
  StateMachineDoesNotExist, StopExecutionCommand, TagResourceCommand, TaskTimedOut, UpdateStateMachineCommand,
  ValidateStateMachineDefinitionCommand, paginateGetExecutionHistory, paginateListActivities, paginateListExecutions,
  paginateListStateMachines,
} from "@aws-sdk/client-sfn";
import assert from "node:assert/strict";
import http from "node:http";

const endpoint = process.argv[2];
const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
const client = new SFNClient({ endpoint, region: "us-east-1", credentials });
const send = (command) => client.send(command);
const roleArn = "arn:aws:iam::123456789012:role/any";
let failed = 0, passed = 0;

async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`ok   sdk: ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL sdk: ${name}: ${error.stack}`);
  }
}

const rejects = (command, type) => assert.rejects(send(command), (error) => {
  assert.ok(error instanceof type, `${error.name}: ${error.message}`);
  assert.equal(error.$fault, "client");
  assert.ok(error.$metadata.requestId);
  return true;
});
const pass = (end) => JSON.stringify({ StartAt: "A", States: { A: { Type: "Pass", Result: end, End: true } } });

async function collect(pages, member) {
  const all = [];
  for await (const page of pages) all.push(...page[member]);
  return all;
}

async function create(name, definition = pass(1), more = {}) {
  const made = await send(new CreateStateMachineCommand({ name, definition, roleArn, ...more }));
  return made.stateMachineArn;
}

async function outcome(executionArn) {
  for (let i = 0; i < 300; i++) {
    const execution = await send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== "RUNNING") return execution;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${executionArn} does not end`);
}

await check("a machine and its executions", async () => {
  const stateMachineArn = await create("life", pass({ done: "ж" }));
  const described = await send(new DescribeStateMachineCommand({ stateMachineArn }));
  assert.equal(described.status, "ACTIVE");
  assert.ok(described.creationDate instanceof Date && Math.abs(described.creationDate - Date.now()) < 60000);
  assert.deepEqual(described.loggingConfiguration, { level: "OFF", includeExecutionData: false });
  const started = await send(new StartExecutionCommand({ stateMachineArn, name: "one", input: '{"a":1}' }));
  const ended = await outcome(started.executionArn);
  assert.equal(ended.status, "SUCCEEDED");
  assert.deepEqual(JSON.parse(ended.output), { done: "ж" });
  assert.ok(ended.stopDate >= ended.startDate);
  const again = await send(new UpdateStateMachineCommand({ stateMachineArn, definition: pass(2) }));
  assert.ok(again.updateDate instanceof Date && again.revisionId);
  const second = await send(new StartExecutionCommand({ stateMachineArn }));
  assert.equal((await outcome(second.executionArn)).output, "2");
  await send(new DeleteStateMachineCommand({ stateMachineArn }));
  await rejects(new StartExecutionCommand({ stateMachineArn }), StateMachineDoesNotExist);
});

await check("errors are the SDK's own", async () => {
  const stateMachineArn = await create("errors");
  await rejects(new CreateStateMachineCommand({ name: "errors", definition: pass(2), roleArn }), StateMachineAlreadyExists);
  await rejects(new CreateStateMachineCommand({ name: "bad", definition: "{}", roleArn }), InvalidDefinition);
  await rejects(new StartExecutionCommand({ stateMachineArn: "nonsense" }), InvalidArn);
  await rejects(new DescribeExecutionCommand({ executionArn: stateMachineArn.replace("stateMachine", "execution") + ":no" }),
    ExecutionDoesNotExist);
  const first = { stateMachineArn, name: "once", input: "1" };
  await outcome((await send(new StartExecutionCommand(first))).executionArn);
  await rejects(new StartExecutionCommand({ ...first, input: "2" }), ExecutionAlreadyExists);
  await assert.rejects(send(new StartExecutionCommand({ ...first, name: "x".repeat(81) })), { name: "ValidationException" });
});

await check("paginators", async () => {
  const names = Array.from({ length: 7 }, (_, i) => `page-${i}`);
  for (const name of names) await create(name);
  const machines = await collect(paginateListStateMachines({ client, pageSize: 2 }, {}), "stateMachines");
  assert.deepEqual(machines.map((one) => one.name).filter((name) => name.startsWith("page-")).sort(), names);
  const stateMachineArn = machines.find((one) => one.name === "page-0").stateMachineArn;
  for (let i = 0; i < 7; i++)
    await outcome((await send(new StartExecutionCommand({ stateMachineArn, name: `e${i}` }))).executionArn);
  const executions = await collect(paginateListExecutions({ client, pageSize: 3 }, { stateMachineArn }), "executions");
  assert.deepEqual(executions.map((one) => one.name), ["e6", "e5", "e4", "e3", "e2", "e1", "e0"]);
  const events = await collect(paginateGetExecutionHistory({ client, pageSize: 2 },
    { executionArn: executions[0].executionArn }), "events");
  assert.deepEqual(events.map((one) => one.type),
    ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]);
  assert.ok(events.every((one) => one.timestamp instanceof Date));
});

await check("an activity and its worker", async () => {
  const { activityArn } = await send(new CreateActivityCommand({ name: "work" }));
  const task = { Type: "Task", Resource: activityArn, HeartbeatSeconds: 60, End: true };
  const stateMachineArn = await create("works", JSON.stringify({ StartAt: "T", States: { T: task } }));
  const work = async (answer) => {
    const polling = send(new GetActivityTaskCommand({ activityArn, workerName: "node" }));
    const { executionArn } = await send(new StartExecutionCommand({ stateMachineArn, input: '{"n":6}' }));
    const { taskToken, input } = await polling;
    await send(new SendTaskHeartbeatCommand({ taskToken }));
    await answer(taskToken, JSON.parse(input));
    await rejects(new SendTaskHeartbeatCommand({ taskToken }), TaskTimedOut);
    return outcome(executionArn);
  };
  const good = await work((taskToken, { n }) => send(new SendTaskSuccessCommand({ taskToken, output: `${n * 7}` })));
  assert.deepEqual([good.status, good.output], ["SUCCEEDED", "42"]);
  const bad = await work((taskToken) => send(new SendTaskFailureCommand({ taskToken, error: "Sad", cause: "rain" })));
  assert.deepEqual([bad.status, bad.error, bad.cause], ["FAILED", "Sad", "rain"]);
  assert.ok((await collect(paginateListActivities({ client }, {}), "activities")).some((one) => one.name === "work"));
  await send(new DeleteActivityCommand({ activityArn }));
  await rejects(new GetActivityTaskCommand({ activityArn }), ActivityDoesNotExist);
});

await check("versions, aliases and tags", async () => {
  const stateMachineArn = await create("routed", pass(1), { tags: [{ key: "team", value: "a" }] });
  const version = await send(new PublishStateMachineVersionCommand({ stateMachineArn, description: "first" }));
  assert.equal(version.stateMachineVersionArn, `${stateMachineArn}:1`);
  const route = { stateMachineVersionArn: version.stateMachineVersionArn, weight: 100 };
  const alias = await send(new CreateStateMachineAliasCommand({ name: "prod", routingConfiguration: [route] }));
  const { executionArn } = await send(new StartExecutionCommand({ stateMachineArn: alias.stateMachineAliasArn }));
  const ended = await outcome(executionArn);
  assert.equal(ended.stateMachineAliasArn, alias.stateMachineAliasArn);
  assert.equal(ended.stateMachineVersionArn, version.stateMachineVersionArn);
  const { stateMachineVersions } = await send(new ListStateMachineVersionsCommand({ stateMachineArn }));
  assert.equal(stateMachineVersions.length, 1);
  await send(new TagResourceCommand({ resourceArn: stateMachineArn, tags: [{ key: "stage", value: "b" }] }));
  const { tags } = await send(new ListTagsForResourceCommand({ resourceArn: stateMachineArn }));
  assert.deepEqual(tags.sort((a, b) => (a.key < b.key ? -1 : 1)), [{ key: "stage", value: "b" }, { key: "team", value: "a" }]);
});

await check("a definition is judged", async () => {
  const good = await send(new ValidateStateMachineDefinitionCommand({ definition: pass(1) }));
  assert.deepEqual([good.result, good.diagnostics], ["OK", []]);
  const bad = await send(new ValidateStateMachineDefinitionCommand({ definition: '{"StartAt":"A","States":{}}' }));
  assert.equal(bad.result, "FAIL");
  assert.ok(bad.diagnostics.length > 0 && bad.diagnostics.every((one) => one.code && one.message));
});

await check("many requests at once", async () => {
  const stateMachineArn = await create("many");
  const started = await Promise.all(Array.from({ length: 300 }, (_, i) =>
    send(new StartExecutionCommand({ stateMachineArn, name: `m${i}` }))));
  assert.equal(new Set(started.map((one) => one.executionArn)).size, 300);
  for (const one of started) assert.equal((await outcome(one.executionArn)).status, "SUCCEEDED");
});

// A proxy that answers in our words that there is too much, twice: the SDK comes again by itself.
await check("it tries again when it is throttled", async () => {
  let refusals = 2;
  const target = new URL(endpoint);
  const proxy = http.createServer((request, response) => {
    if (refusals-- > 0) {
      request.resume();
      response.writeHead(400, { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": "ThrottlingException" });
      response.end('{"__type":"ThrottlingException","message":"Rate exceeded"}');
      return;
    }
    const options = { host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.headers };
    request.pipe(http.request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }));
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const patient = new SFNClient({ endpoint: `http://127.0.0.1:${proxy.address().port}`, region: "us-east-1", credentials });
  const stateMachineArn = await create("throttled");
  const started = await patient.send(new StartExecutionCommand({ stateMachineArn, name: "t" }));
  assert.equal(started.$metadata.attempts, 3);
  assert.equal((await outcome(started.executionArn)).status, "SUCCEEDED");
  patient.destroy();
  proxy.closeAllConnections();
  proxy.close();
});

client.destroy();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
