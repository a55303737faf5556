/**
 * A group whose services are each of another engine's: a volume, a container that keeps its data on it, a process that
 * makes an API of that, a function that asks it, and a machine.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { busyboxImage } from "./busybox-root.ts";
import { poolHost } from "./gluster-pool.ts";
import { guestAppend, guestArgs, guestKernel, makeInitramfs } from "./guest.ts";

/** Full names, in the order of the group. */
export const order = ["shop/files", "shop/db", "shop/api", "shop/hello", "shop/box"];

/** Providers whose services have no health checks here. */
export const unchecked = ["glusterfs", "lambda"];

/** Patient ones: a slow machine must not fail, and be restarted for it. */
const health = (port: string, path: string) => ({
  health: {
    http: { port, path },
    interval: "500ms",
    timeout: "10s",
    retries: 20,
    start_period: "10m",
  },
  stop: { grace: "10m" },
});

/**
 * Three of them write into `shared/written` when they were started, and when they are asked to end: `+db`, `-db`.
 * Ports are fixed, since all are free in the pool's network.
 * @param home of the test: its folders `shared` and `initramfs` are made; @param bricksAt the pool's folder for bricks
 */
export function shop(home: string, bricksAt: string): object {
  const shared = join(home, "shared");
  const written = join(shared, "written");
  const initrd = join(home, "initramfs");
  const trap = (name: string) =>
    `trap 'echo -${name} >>${written}; exit' TERM; echo +${name} >>${written}`;
  const folders = [0, 1].map((i) => join(bricksAt, String(i)));
  for (const folder of [shared, ...folders]) mkdirSync(folder, { recursive: true });
  writeFileSync(written, "");
  makeInitramfs(initrd);

  const bricks = folders.map((folder) => `${poolHost}:${folder}`);
  const files = {
    name: "files",
    provider: "glusterfs",
    params: { bricks, replica: 2, force: true },
  };
  const keep = `[ -e /data/stock ] || cat /proc/sys/kernel/random/uuid >/data/stock
    ${trap("db")}; httpd -f -p 80 -h /data & wait`;
  const db = {
    name: "db",
    provider: "docker",
    params: {
      image: busyboxImage,
      command: ["sh", "-c", keep],
      ports: ["127.0.0.1:sql:80"],
      volumes: [`${shared}:${shared}`],
    },
    ports: { sql: 5432 },
    volumes: [{ from: "files", at: "/data", kind: "glusterfs" }],
    ...health("sql", "/stock"),
  };
  const serve = `require("node:http").createServer(async (_request, response) => {
    const text = await fetch("http://127.0.0.1:5432/stock").then((stock) => stock.text(), () => undefined);
    response.writeHead(text === undefined ? 502 : 200).end(text);
  }).listen(process.env.PORT_HTTP, "127.0.0.1")`;
  const api = {
    name: "api",
    provider: "bash",
    params: { command: `${trap("api")}; node -e '${serve}' & wait` },
    requires: ["db"],
    ports: { http: 8080 },
    ...health("http", "/"),
  };
  const ask = 'fetch("http://127.0.0.1:8080/").then((answer) => answer.text())';
  const hello = {
    name: "hello",
    provider: "lambda",
    params: { code: `exports.handler = () => ${ask};`, timeout: "5m", reserved: 1 },
  };
  const boot = `${trap("box")}
    ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up
    mkdir /www; echo box >/www/index.html; httpd -p 80 -h /www
    while :; do sleep 0.1; done`;
  const machine = { kernel: guestKernel, initrd, append: guestAppend, memory: "128MiB" };
  const box = {
    name: "box",
    provider: "kvm",
    params: { ...machine, args: guestArgs(boot, shared), ports: ["http:80"] },
    ports: { http: 0 },
    ...health("http", "/"),
  };
  return { name: "shop", strategy: "rest_for_one", services: [files, db, api, hello, box] };
}
