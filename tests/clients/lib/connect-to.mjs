// Sends connections meant for one host and port to another, as curl's --connect-to does.
//
// Wallets compare SEP-10's `web_auth_domain` with the name of the host, some with the port and some without, so only an
// anchor on a port-less name satisfies them all. This lets an unmodified SDK reach `http://localhost` although the
// anchor listens on a free port: the URL, the Host header and all checks stay `localhost`, only the socket goes elsewhere.
import http from 'node:http';

export function connectTo(rule) {
  if (!rule) return;
  const [fromHost, fromPort, host, port] = rule.split(':');
  if (!port) throw new Error(`--connect-to wants host:port:host:port, got ${rule}`);
  class MappingAgent extends http.Agent {
    createConnection(options, connected) {
      const meant = options.host === fromHost && Number(options.port) === Number(fromPort);
      return super.createConnection(meant ? { ...options, host, port: Number(port) } : options, connected);
    }
  }
  http.globalAgent = new MappingAgent({ keepAlive: false });
  // `fetch` takes no agent: the address itself has to change on the way. What its caller sees stays the same.
  const realFetch = globalThis.fetch;
  globalThis.fetch = (resource, init) => {
    const url = new URL(resource.url ?? resource);
    const meant = url.hostname === fromHost && Number(url.port || 80) === Number(fromPort);
    if (meant) Object.assign(url, { hostname: host, port });
    return realFetch(meant ? url : resource, init);
  };
}
