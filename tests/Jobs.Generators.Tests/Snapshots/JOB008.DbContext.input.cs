using System;
using System.Collections.Generic;
using System.Text.Json.Serialization;
using System.Threading;
using System.Threading.Tasks;
using Jobs;

namespace Microsoft.EntityFrameworkCore
{
    public class DbContext;
}

namespace App
{
public class ShopContext : Microsoft.EntityFrameworkCore.DbContext;

public sealed record EmailArgs(string Email, ShopContext Shop);

[Worker]
public partial class Mailer
{
    [Perform]
    public void Deliver(EmailArgs args) { }
}
}
