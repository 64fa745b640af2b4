// A stock OpenID provider with its own pages for signing in, on a free port of loopback. Arguments: the redirect URI.
// Says `listening PORT` when it is ready; ends when its standard input does.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const require = createRequire(process.argv[3] + "/");
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const port = server.address().port;
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: "interdesk",
      client_secret: "a-secret-of-the-tests-0123456789-0123456789",
      redirect_uris: [process.argv[2]],
    }],
    pkce: { required: () => true },
    cookies: { keys: ["tests"] },
  });
  server.on("request", provider.callback());
  console.log(`listening ${port}`);
});
process.stdin.on("end", () => process.exit(0)).resume();
