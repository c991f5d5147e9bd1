using Jobs.Bench;

return await new CommandLine().RunAsync(args);
