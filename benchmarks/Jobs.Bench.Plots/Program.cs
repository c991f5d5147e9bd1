using Jobs.Bench.Plots;

return await new PlotCommand().Parse(args).InvokeAsync();
