// Does to nodes what happens to them in production.  Jobs.Torture SCENARIO [OPTION…]: see --help
using Jobs.Torture;

return await new CommandLine().RunAsync(args);
